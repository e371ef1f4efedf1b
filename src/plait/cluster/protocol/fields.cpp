#include "plait/cluster/protocol/fields.hpp"

#include "plait/base/error.hpp"

namespace plait::cluster {

namespace {

[[noreturn]] void refuse(const char* why) { throw Error(ErrorCode::protocol, why); }

}  // namespace

void FieldWriter::number(std::uint64_t value) {
    char bytes[8];
    for (char& byte : bytes) {
        byte = static_cast<char>(value & 0xff);
        value >>= 8;
    }
    out_.append(bytes, sizeof bytes);
}

void FieldWriter::text(std::string_view value) {
    number(value.size());
    out_.append(value);
}

std::string_view FieldReader::take(std::size_t bytes) {
    if (bytes > rest_.size()) refuse("a message of the cluster is cut short");
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
}

std::uint64_t FieldReader::number() {
    const std::string_view bytes = take(8);
    std::uint64_t value = 0;
    for (std::size_t i = 8; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
    return value;
}

std::uint64_t FieldReader::number_up_to(std::uint64_t most) {
    const std::uint64_t value = number();
    if (value > most) refuse("a message of the cluster has a number that is out of range");
    return value;
}

std::uint8_t FieldReader::byte() { return static_cast<std::uint8_t>(take(1).front()); }

bool FieldReader::flag() {
    const std::uint8_t value = byte();
    if (value > 1) refuse("a message of the cluster has a flag that is neither set nor clear");
    return value == 1;
}

std::string_view FieldReader::text() { return take(number_up_to(rest_.size())); }

std::size_t FieldReader::count(std::size_t bytes_each) { return number_up_to(rest_.size() / bytes_each); }

void FieldReader::end() const {
    if (!rest_.empty()) refuse("a message of the cluster has bytes after its end");
}

}  // namespace plait::cluster
