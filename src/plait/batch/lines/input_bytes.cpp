#include "plait/batch/lines/input_bytes.hpp"

#include "plait/base/error.hpp"
#include "plait/base/regular_file.hpp"
#include "plait/batch/lines/internal/input_form.hpp"
#include "plait/coding/decoder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace plait::batch {

namespace {

constexpr std::size_t packed_buffer = 128 * 1024;

}  // namespace

InputBytes::InputBytes(UniqueFd input, std::string name) : name_(std::move(name)) {
    if (!is_regular_file(input)) {
        waited_for_ = std::make_unique<Descriptor>(std::move(input));
        return;
    }
    file_ = std::move(input);
    std::array<char, internal::telling_bytes> begin;
    // An error is reported by `read`.
    const ssize_t got = ::pread(file_.get(), begin.data(), begin.size(), 0);
    set_form({begin.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))});
}

InputBytes::InputBytes(InputBytes&&) noexcept = default;
InputBytes::~InputBytes() = default;

void InputBytes::set_form(std::string_view begin) {
    const internal::Packing packing = internal::packing_of(begin, name_);
    using internal::Packing;
    if (packing == Packing::gzip) decoder_ = coding::make_decoder(coding::Coding::gzip, ErrorCode::bad_input);
    if (packing == Packing::zstd) decoder_ = coding::make_decoder(coding::Coding::zstd, ErrorCode::bad_input);
    is_form_known_ = true;
}

std::optional<int> InputBytes::plain_file() const {
    if (!file_ || decoder_) return std::nullopt;
    return file_.get();
}

std::optional<InputBytes> InputBytes::again() const {
    if (!file_) return std::nullopt;
    // Opened again, since a duplicate would share the position.
    UniqueFd file(::open(fmt::format("/proc/self/fd/{}", file_.get()).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) throw Error(ErrorCode::storage, fmt::format("read {}: {}", name_, system_message(errno)));
    return InputBytes(std::move(file), name_);
}

Task<std::size_t> InputBytes::read(std::span<char> room) {
    if (!is_form_known_) co_await find_out_form();
    if (decoder_) co_return co_await read_unpacked(room);
    if (taken_ < read_ahead_.size()) co_return take_read_ahead(room);
    co_return co_await read_raw(room);
}

/// Reads enough bytes to recognise the form. No request is shorter, so none is delayed.
Task<void> InputBytes::find_out_form() {
    const auto is_enough = [this] {
        return read_ahead_.size() >= internal::telling_bytes ||
               std::find(read_ahead_.begin(), read_ahead_.end(), '\n') != read_ahead_.end();
    };
    std::array<char, internal::telling_bytes> bytes;
    while (!is_enough()) {
        const std::size_t got = co_await read_raw(std::span(bytes).first(bytes.size() - read_ahead_.size()));
        if (got == 0) break;
        read_ahead_.insert(read_ahead_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(got));
    }
    set_form({read_ahead_.data(), read_ahead_.size()});
}

std::size_t InputBytes::take_read_ahead(std::span<char> room) {
    const std::size_t size = std::min(room.size(), read_ahead_.size() - taken_);
    std::memcpy(room.data(), read_ahead_.data() + taken_, size);
    taken_ += size;
    return size;
}

Task<std::size_t> InputBytes::read_unpacked(std::span<char> room) {
    for (;;) {
        coding::Decoder::Step step;
        try {
            step = decoder_->decode(std::string_view(read_ahead_.data(), read_ahead_.size()).substr(taken_), room);
        } catch (const Error& error) {
            throw Error(error.code(), fmt::format("{} can't be decompressed: {}", name_, error.what()));
        }
        taken_ += step.taken;
        if (step.made > 0) co_return step.made;
        if (taken_ < read_ahead_.size()) continue;
        taken_ = 0;
        read_ahead_.resize(packed_buffer);
        const std::size_t got = co_await read_raw(read_ahead_);
        read_ahead_.resize(got);
        if (got > 0) continue;
        if (decoder_->is_whole()) co_return 0;
        throw Error(ErrorCode::bad_input, fmt::format("{} can't be decompressed: it is truncated", name_));
    }
}

Task<std::size_t> InputBytes::read_raw(std::span<char> room) {
    const int fd = waited_for_ ? waited_for_->fd() : file_.get();
    for (;;) {
        const ssize_t got = ::read(fd, room.data(), room.size());
        if (got >= 0) co_return static_cast<std::size_t>(got);
        if (errno == EAGAIN && waited_for_) {
            waited_for_->set_drained();
            co_await waited_for_->readable();
        } else if (errno != EINTR) {
            throw Error(ErrorCode::storage, fmt::format("read {}: {}", name_, system_message(errno)));
        }
    }
}

}  // namespace plait::batch
