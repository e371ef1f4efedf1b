#include "plait/http/transfer/internal/body_reader.hpp"

#include "plait/base/error.hpp"
#include "plait/base/thread_local.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <variant>

namespace plait::http::internal {

namespace {

// One for all uploads of a thread: no byte stays in it across a wait, so an upload that waits needs no buffer.
PLAIT_OF_THIS_THREAD std::array<char, 64 * 1024>& file_buffer() noexcept {
    PLAIT_ASK_ANEW();
    thread_local std::array<char, 64 * 1024> buffer;
    return buffer;
}

[[noreturn]] void fail(std::string_view what, const BodyParts::File& file, std::string_view why) {
    throw_bad_input(fmt::format("{} {}, a file of the request's body: {}", what, file.path, why));
}

[[noreturn]] void fail_changed(const BodyParts::File& file) {
    fail("read", file, fmt::format("it no longer has the {} bytes that it had when the request was made", file.size));
}

}  // namespace

BodyReader::BodyReader(const Request& request) noexcept
    : text_(request.body), parts_(request.body_parts.get()), left_(body_size(request)) {}

std::string_view BodyReader::peek() {
    if (!parts_) return text_;
    if (left_ == 0) return {};
    while (offset_ == size_of_part()) {
        ++part_;
        offset_ = 0;
        file_.reset();
    }
    const BodyParts::Part& part = parts_->parts()[part_];
    if (const auto* text = std::get_if<std::string>(&part)) return std::string_view(*text).substr(offset_);
    return peek_file(std::get<BodyParts::File>(part));
}

void BodyReader::skip(std::size_t bytes) noexcept {
    left_ -= bytes;
    offset_ += bytes;
    if (!parts_) text_.remove_prefix(bytes);
    if (left_ == 0) file_.reset();
}

std::uint64_t BodyReader::size_of_part() const noexcept {
    const BodyParts::Part& part = parts_->parts()[part_];
    if (const auto* text = std::get_if<std::string>(&part)) return text->size();
    return std::get<BodyParts::File>(part).size;
}

std::string_view BodyReader::peek_file(const BodyParts::File& file) {
    if (!file_) open(file);
    auto& buffer = file_buffer();
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), file.size - offset_));
    ssize_t count;
    while ((count = ::pread(file_.get(), buffer.data(), wanted, static_cast<off_t>(offset_))) < 0 && errno == EINTR) {
    }
    if (count < 0) fail("read", file, system_message(errno));
    if (count == 0) fail_changed(file);
    return {buffer.data(), static_cast<std::size_t>(count)};
}

void BodyReader::open(const BodyParts::File& file) {
    file_ = UniqueFd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!file_ || ::fstat(file_.get(), &status) != 0) fail("open", file, system_message(errno));
    if (static_cast<std::uint64_t>(status.st_size) != file.size) fail_changed(file);
}

}  // namespace plait::http::internal
