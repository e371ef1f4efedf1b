#include "plait/workers/internal/payload.hpp"

#include "plait/base/error.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>

namespace plait::internal {

namespace {

[[noreturn]] void fail(const char* what) {
    if (errno == ENOMEM) throw std::bad_alloc();
    throw Error(ErrorCode::storage, std::string("talk to a worker process: ") + what + ": " + system_message(errno));
}

void write_whole(const UniqueFd& file, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(file.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("write to memory");
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

UniqueFd file_in_memory() {
    UniqueFd file(::memfd_create("plait-message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) fail("memfd_create");
    return file;
}

/// From here on, nobody can change it: what was checked is what is read.
void seal(const UniqueFd& file) {
    if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        fail("seal memory");
}

}  // namespace

Mapping::Mapping(const UniqueFd& file, std::size_t size, Access access) {
    // A payload is read from end to end, so its pages are mapped at once, not one fault at a time.
    void* const memory = access == Access::read
                             ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file.get(), 0)
                             : ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) fail("map memory");
    begin_ = static_cast<char*>(memory);
    size_ = size;
}

Mapping::~Mapping() {
    if (begin_) ::munmap(begin_, size_);
}

std::string_view Payload::bytes() {
    if (!file_) return few_;
    if (!mapping_.begin()) {
        struct stat status;
        if (::fstat(file_.get(), &status) != 0) fail("fstat");
        mapping_ = Mapping(file_, static_cast<std::size_t>(status.st_size), Mapping::Access::read);
    }
    return mapping_.bytes();
}

void PayloadWriter::clear() noexcept {
    buffer_.clear();
    file_.reset();
    in_file_ = 0;
}

Payload PayloadWriter::take() {
    if (!file_) return Payload(std::exchange(buffer_, {}));
    flush_to_file();
    seal(file_);
    in_file_ = 0;
    return Payload(std::move(file_));
}

std::streamsize PayloadWriter::xsputn(const char* from, std::streamsize count) {
    const std::string_view bytes(from, static_cast<std::size_t>(count));
    if (buffer_.size() + bytes.size() <= most_bytes_in_packet) {
        buffer_.append(bytes);
        return count;
    }
    if (!file_) file_ = file_in_memory();
    flush_to_file();
    if (bytes.size() < most_bytes_in_packet) {
        buffer_.append(bytes);
    } else {
        write_whole(file_, bytes);
        in_file_ += bytes.size();
    }
    return count;
}

PayloadWriter::int_type PayloadWriter::overflow(int_type character) {
    const char byte = traits_type::to_char_type(character);
    xsputn(&byte, 1);
    return character;
}

void PayloadWriter::flush_to_file() {
    write_whole(file_, buffer_);
    in_file_ += buffer_.size();
    buffer_.clear();
}

}  // namespace plait::internal
