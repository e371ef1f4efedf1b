#include "plait/http/internal/h2_stream.hpp"

#include "plait/http/transfer/internal/answer_error.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace plait::http::internal {

namespace {

constexpr std::size_t common_header_count = 16;
constexpr std::size_t common_header_bytes = 512;

std::optional<std::uint64_t> content_length(const Headers& headers) {
    const auto text = headers.get("content-length");
    std::uint64_t length = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), length).ec != std::errc()) return {};
    return length;
}

}  // namespace

H2Stream::H2Stream(const Request& request, const ExchangeBounds& bounds, ExchangeRecord& record)
    : request_(request), bounds_(bounds), record_(record) {
    if (body_size(request) > 0) unsent_body_ = std::make_unique<BodyReader>(request);
    record_.version = HttpVersion::http_2;
}

void H2Stream::add_field(std::string_view name, std::string_view value) {
    constexpr std::size_t separators = 4;  // as in HTTP/1.1, so that the limit means the same
    field_bytes_ += name.size() + value.size() + separators;
    const Limits& limits = bounds_.rules.limits;
    if (field_bytes_ > limits.header_bytes) fail_too_large("header", limits.header_bytes, "--max-header-bytes");
    Response& response = record_.response ? *record_.response : record_.response.emplace();
    if (name.starts_with(':')) {
        // nghttp2 has checked that it is :status, once, with three digits.
        std::from_chars(value.data(), value.data() + value.size(), response.status);
        // For nghttp2 it is a final one, and a body may follow.
        if (response.status < 100)
            throw Error(ErrorCode::protocol, fmt::format("the answer is not HTTP/2: status {}", value));
        return;
    }
    Headers& fields = has_head_ ? response.trailers : response.headers;
    if (fields.size() >= limits.header_count) {
        throw Error(ErrorCode::too_large,
                    fmt::format("the answer has more than {} header fields (--max-header-count)", limits.header_count));
    }
    if (fields.empty() && !has_head_) fields.reserve(common_header_count, common_header_bytes);
    fields.append(name, value);
}

void H2Stream::end_head(bool is_all, TimePoint now) {
    enter(Phase::receiving, now);
    last_byte_ = now;
    field_bytes_ = 0;
    if (has_head_) return;
    Response& response = *record_.response;
    if (response.status >= 200) {
        has_head_ = true;
        if (!is_all) begin_body();
        return;
    }
    const std::size_t most = bounds_.rules.limits.interim_responses;
    if (++interim_answers_ > most) {
        throw Error(ErrorCode::too_large, fmt::format("more than {} interim answers came", most));
    }
    response.headers.clear();
}

void H2Stream::begin_body() {
    Response& response = *record_.response;
    body_ = std::make_unique<BodyReceiver>(response, bounds_.rules.limits, bounds_.rules.body_memory,
                                           bounds_.rules.decoding, bounds_.rules.until_event);
    body_->begin(content_length(response.headers));
}

void H2Stream::add_body(std::string_view bytes, TimePoint now) {
    last_byte_ = now;
    body_bytes_ += bytes.size();
    body_->put(bytes);
}

void H2Stream::answer(TimePoint now) {
    record_.timings.receive = now - phase_start_;
    state_ = State::answered;
}

void H2Stream::fail(Error error, End end) {
    state_ = State::failed;
    error_ = std::make_unique<const Error>(std::move(error));
    record_.was_not_processed = end == End::not_processed;
}

void H2Stream::cut(const Error& error) {
    if (record_.phase != Phase::receiving) return fail(error);
    const std::string where = has_head_ ? fmt::format("after {} bytes of the body", body_bytes_)
                                        : std::string("in the middle of the answer's header");
    fail(Error(error.code(), fmt::format("{} ({})", error.what(), where)));
}

void H2Stream::enter(Phase phase, TimePoint now) {
    if (record_.phase && phase <= *record_.phase) return;
    Timings& timings = record_.timings;
    if (record_.phase) (*record_.phase == Phase::sending ? timings.send : timings.wait) = now - phase_start_;
    record_.phase = phase;
    phase_start_ = now;
}

/// Whether the body is not as long as the head said. nghttp2 finds that out, and does not say it.
bool H2Stream::is_too_short() const {
    const auto length = has_head_ ? content_length(record_.response->headers) : std::nullopt;
    return length && *length != body_bytes_;
}

}  // namespace plait::http::internal
