// What the session does about what nghttp2 reports.

#include "plait/http/internal/h2_session.hpp"
#include "plait/http/message/internal/escaped.hpp"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace plait::http::internal {

namespace {

constexpr std::size_t shown_of_goaway = 80;

// Frames that continue one header. Without them it has up to 16 KiB, and few are larger.
constexpr std::size_t most_continuations = 16;

std::optional<H2Flood> flood_of(std::uint8_t type, std::uint8_t flags, std::size_t size) {
    switch (type) {
        case NGHTTP2_DATA:
            if (size > 0 || flags & NGHTTP2_FLAG_END_STREAM) return std::nullopt;
            return H2Flood::empty_data;
        case NGHTTP2_PRIORITY:
            return H2Flood::priority;
        case NGHTTP2_SETTINGS:
            return H2Flood::settings;
        case NGHTTP2_PING:
            return H2Flood::ping;
        case NGHTTP2_GOAWAY:
            return H2Flood::goaway;
        case NGHTTP2_WINDOW_UPDATE:
            return H2Flood::window_update;
        case NGHTTP2_RST_STREAM:
            return H2Flood::reset;
        case NGHTTP2_HEADERS:
            return H2Flood::late_head;
        case NGHTTP2_PUSH_PROMISE:  // refused by the settings: a connection error
        case NGHTTP2_CONTINUATION:  // has a limit of its own
            return std::nullopt;
        default:
            return H2Flood::unknown;
    }
}

}  // namespace

bool H2Session::begin_frame(std::uint8_t type, std::uint8_t flags, std::size_t size, std::int32_t stream) {
    if (type == NGHTTP2_HEADERS) continuations_ = 0;
    if (type == NGHTTP2_CONTINUATION && ++continuations_ > most_continuations) {
        fault_.emplace(ErrorCode::protocol, "the server floods the connection with CONTINUATION frames");
        return false;
    }
    const std::optional<H2Flood> kind = flood_of(type, flags, size);
    const bool may_be_for_call = kind == H2Flood::reset || kind == H2Flood::late_head;
    if (!kind || (may_be_for_call && stream_of(stream))) return true;
    return admit(*kind);
}

bool H2Session::admit(H2Flood kind) {
    if (floods_.admit(kind, now_)) return true;
    fault_.emplace(ErrorCode::protocol,
                   fmt::format("the server floods the connection with {}", H2FloodGuard::name_of(kind)));
    return false;
}

void H2Session::take_settings() {
    has_settings_ = true;
    server_limit_ = ::nghttp2_session_get_remote_settings(session_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    resume_bodies();
}

void H2Session::take_goaway(std::uint32_t code, std::int32_t last_stream, std::string_view text) {
    const std::int32_t before = goaway_ ? goaway_->last_stream : last_stream;
    goaway_ = Goaway{code, std::min(before, last_stream), escaped(text, shown_of_goaway)};
}

void H2Session::end_of_stream(H2Stream& stream) {
    stream.answer(now_);
    const std::int32_t id = stream.id_;
    const bool is_uploading = stream.unsent() > 0;
    end(stream);
    // The server has answered without the rest of the body, and may do without it (RFC 9113, section 8.1).
    if (is_uploading) reset_stream(id, NGHTTP2_CANCEL);
}

void H2Session::end_at_last_event(H2Stream& stream) {
    stream.answer(now_);
    const std::int32_t id = stream.id_;
    end(stream);
    reset_stream(id, NGHTTP2_CANCEL);
}

void H2Session::stream_failed(H2Stream& stream, Error error, std::uint32_t reset_code) {
    stream.fail(std::move(error));
    const std::int32_t id = stream.id_;
    end(stream);
    reset_stream(id, reset_code);
}

Error H2Session::violation(int nghttp2_error) const {
    const std::string why = fault_text_.empty() ? ::nghttp2_strerror(nghttp2_error) : fault_text_;
    return Error(ErrorCode::protocol, fmt::format("the answer is not HTTP/2: {}", why));
}

void H2Session::stream_closed(std::int32_t id, std::uint32_t code) {
    --open_streams_;
    H2Stream* stream = stream_of(id);
    if (!stream) return;
    fail_closed(*stream, code);
    end(*stream);
}

void H2Session::fail_closed(H2Stream& stream, std::uint32_t code) {
    using End = H2Stream::End;
    const auto fail = [&stream](ErrorCode error, std::string why, End end = End::processed) {
        stream.fail(Error(error, why), end);
    };
    if (!stream.is_packed_ || (goaway_ && stream.id_ > goaway_->last_stream)) {
        stream.record_.needs_http_1 = goaway_ && goaway_->code == NGHTTP2_HTTP_1_1_REQUIRED;
        return fail(ErrorCode::reset,
                    with_goaway(Error(ErrorCode::reset,
                                      "the server takes no more requests on this "
                                      "connection, and has not processed this one"))
                        .what(),
                    End::not_processed);
    }
    if (!stream.was_reset_) {
        if (!stream.is_too_short()) return stream.fail(violation(NGHTTP2_ERR_HTTP_MESSAGING));
        return fail(
            ErrorCode::protocol,
            fmt::format("the answer is not HTTP/2: its body has {} bytes, and Content-Length says {}",
                        stream.body_bytes_, stream.record_.response->headers.get("content-length").value_or("")));
    }
    const bool needs_http_1 = code == NGHTTP2_HTTP_1_1_REQUIRED;
    if (code == NGHTTP2_REFUSED_STREAM || needs_http_1) {
        stream.record_.needs_http_1 = needs_http_1;
        return fail(ErrorCode::reset,
                    fmt::format("the server refused the request unprocessed ({}){}", h2_error_name(code),
                                needs_http_1 ? ": use --http 1.1" : ""),
                    End::not_processed);
    }
    const std::string where = stream.has_head_ ? fmt::format(" after {} bytes of the body", stream.body_bytes_) : "";
    fail(ErrorCode::reset, fmt::format("the server reset the stream{}: {}", where, h2_error_name(code)));
}

/// Called when the frame with the request's head is about to be sent.
void H2Session::packed(H2Stream& stream) noexcept {
    stream.is_packed_ = true;
    stream.offset_ = packed_;
}

/// Copies the next part of the body into `room`, which is as large as a frame and both windows allow. Nothing when a
/// larger part is worth waiting for: some servers open their windows by a few bytes at a time.
std::size_t H2Session::read_body(H2Stream& stream, std::span<std::uint8_t> room, bool& is_all) {
    const auto initial = ::nghttp2_session_get_remote_settings(session_.get(), NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE);
    widest_window_ = std::max(widest_window_, ::nghttp2_session_get_remote_window_size(session_.get()));
    const std::size_t window = std::min<std::size_t>(initial, static_cast<std::size_t>(widest_window_));
    if (!is_worth_a_frame(room.size(), stream.unsent(), window)) {
        if (!std::exchange(stream.is_deferred_, true)) ++deferred_;
        return 0;
    }
    std::size_t filled = 0;
    while (filled < room.size() && stream.unsent() > 0) {
        const std::string_view next = stream.unsent_body_->peek();
        const std::size_t size = std::min(room.size() - filled, next.size());
        std::memcpy(room.data() + filled, next.data(), size);
        stream.unsent_body_->skip(size);
        filled += size;
    }
    is_all = stream.unsent() == 0;
    return filled;
}

void H2Session::resume_bodies() {
    if (deferred_ == 0) return;
    for (H2Stream* stream = first_; stream; stream = stream->next_) {
        if (std::exchange(stream->is_deferred_, false)) {
            --deferred_;
            ::nghttp2_session_resume_data(session_.get(), stream->id_);
        }
    }
}

bool is_worth_a_frame(std::size_t room, std::uint64_t unsent, std::size_t window) noexcept {
    constexpr std::size_t frame = 16 * 1024;
    return room >= std::min<std::uint64_t>({unsent, frame, window / 2});
}

}  // namespace plait::http::internal
