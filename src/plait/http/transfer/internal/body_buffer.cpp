#include "plait/http/transfer/internal/body_buffer.hpp"

#include "plait/base/error.hpp"
#include "plait/http/transfer/internal/answer_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace plait::http::internal {

namespace {

// Small bodies are bounded by the number of calls in flight.
constexpr std::size_t uncounted_body = 64 * 1024;

}  // namespace

void BodyBuffer::check_size(std::uint64_t size) const {
    const auto& folder = memory_.folder();
    const std::uint64_t most = folder && size > folder->inline_bytes ? folder->most_bytes : limits_.body_bytes;
    if (size > most) fail_too_large("body", most, "--max-body");
}

void BodyBuffer::expect(std::uint64_t size) {
    // Not all of it: promising a long body costs the server nothing.
    constexpr std::uint64_t believed = 64 * 1024;
    body_.reserve(static_cast<std::size_t>(std::min(size, believed)));
}

void BodyBuffer::append(std::string_view bytes) {
    if (response_.saved_body) return append_to_file(bytes);
    const std::size_t size = body_.size() + bytes.size();
    check_size(size);
    if (memory_.folder() && size > memory_.folder()->inline_bytes) {
        move_to_file();
        return append_to_file(bytes);
    }
    if (size > body_.capacity()) make_room(size);
    body_.append(bytes);
}

void BodyBuffer::expect_whole(std::uint64_t size) {
    if (memory_.folder() && size > memory_.folder()->inline_bytes) move_to_file();
}

void BodyBuffer::move_to_file() {
    response_.saved_body = std::make_shared<SavedBody>(memory_.folder()->path);
    if (!body_.empty()) response_.saved_body->append(body_);
    body_ = {};
    share_.give_back(share_.held() - beside_);
}

void BodyBuffer::append_to_file(std::string_view bytes) {
    check_size(response_.saved_body->size() + bytes.size());
    response_.saved_body->append(bytes);
}

/// Lets the body grow to at least `size` bytes, if the limit on all bodies together allows it.
void BodyBuffer::make_room(std::size_t size) {
    const std::size_t capacity = std::max(size, 2 * body_.capacity());
    if (capacity <= uncounted_body) return;
    const std::size_t held = share_.held() - beside_;
    // While the body moves to its new place it takes up both.
    hold(capacity);
    body_.reserve(capacity);
    share_.give_back(held);
}

void BodyBuffer::hold_beside(std::size_t bytes) {
    if (bytes <= uncounted_body) bytes = 0;
    if (bytes > beside_) {
        hold(bytes - beside_);
    } else {
        share_.give_back(beside_ - bytes);
    }
    beside_ = bytes;
}

void BodyBuffer::hold(std::size_t bytes) {
    if (share_.take(bytes)) return;
    throw Error(ErrorCode::too_large,
                fmt::format("the bodies of all answers in flight hold more than {} bytes together "
                            "(--max-body-total)",
                            memory_.limit()));
}

}  // namespace plait::http::internal
