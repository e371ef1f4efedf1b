#include "plait/http/internal/h2_session.hpp"

#include "plait/base/assert.hpp"
#include "plait/http/internal/h2_callbacks.hpp"
#include "plait/http/message/internal/escaped.hpp"
#include "plait/http/message/internal/request_fields.hpp"
#include "plait/http/transfer/internal/answer_error.hpp"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace plait::http::internal {

namespace {

constexpr char begin_of_http_1 = 'H';

std::uint8_t* bytes_of(std::string_view text) {
    // nghttp2 copies and does not write.
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

nghttp2_nv field(std::string_view name, std::string_view value) {
    return {bytes_of(name), bytes_of(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

/// Fields that speak of one HTTP/1.1 connection (RFC 9113, section 8.2.2).
bool is_for_connection(std::string_view name) {
    constexpr std::string_view names[] = {"Connection", "Keep-Alive",     "Proxy-Connection",
                                          "Upgrade",    "HTTP2-Settings", "TE"};
    return std::any_of(std::begin(names), std::end(names),
                       [name](std::string_view other) { return equal_ignoring_case(name, other); });
}

}  // namespace

std::string h2_error_name(std::uint32_t code) {
    const std::string_view name = ::nghttp2_http2_strerror(code);
    return name == "unknown" ? fmt::format("error {}", code) : std::string(name);
}

void H2Session::Delete::operator()(nghttp2_session* session) const noexcept { ::nghttp2_session_del(session); }

H2Session::H2Session(const H2SessionOptions& options, TimePoint now)
    : session_(make_h2_session(this)), floods_(now), now_(now) {
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(options.stream_window)},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(options.header_bytes)},
    };
    ::nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
    ::nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, options.connection_window);
}

H2Session::~H2Session() { PLAIT_ASSERT(!first_, "an HTTP/2 connection was destroyed while calls use it"); }

std::size_t H2Session::room(std::size_t most) const noexcept {
    if (is_closing()) return 0;
    const std::size_t limit = std::min<std::size_t>(most, server_limit_);
    return limit - std::min(limit, open_streams_);
}

void H2Session::open(H2Stream& stream, const Headers& defaults, TimePoint now) {
    now_ = now;
    submit(stream, defaults);
    stream.enter(Phase::sending, now);
    stream.last_byte_ = now;
    stream.previous_ = last_;
    (last_ ? last_->next_ : first_) = &stream;
    last_ = &stream;
    ++open_streams_;
    ++opened_;
}

void H2Session::submit(H2Stream& stream, const Headers& defaults) {
    const Request& request = stream.request();
    thread_local std::vector<nghttp2_nv> fields;
    thread_local std::string length;  // the one field whose text is made on the way
    fields.clear();
    fields.push_back(field(":method", request.method()));
    fields.push_back(field(":scheme", request.url.is_https() ? "https" : "http"));
    fields.push_back(field(":authority", authority_of(request, defaults)));
    fields.push_back(field(":path", request.url.target()));
    each_field(request, defaults, stream.bounds_.rules.decoding, [](std::string_view name, std::string_view value) {
        if (is_for_connection(name)) return;
        if (equal_ignoring_case(name, "Content-Length")) value = length = value;
        fields.push_back(field(name, value));
    });
    constexpr std::size_t overhead = 32;  // of a field (RFC 9113, section 6.5.2)
    std::size_t size = 0;
    for (const nghttp2_nv& each : fields) size += each.namelen + each.valuelen + overhead;
    check_header_size(size);
    nghttp2_data_provider body{};
    body.read_callback = read_h2_body;
    const std::int32_t id = ::nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(),
                                                     body_size(request) == 0 ? nullptr : &body, &stream);
    if (id < 0) throw Error(ErrorCode::bad_input, fmt::format("send the request: {}", ::nghttp2_strerror(id)));
    stream.id_ = id;
}

void H2Session::check_header_size(std::size_t size) const {
    const std::uint32_t most =
        ::nghttp2_session_get_remote_settings(session_.get(), NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE);
    if (size <= std::min<std::size_t>(most, largest_h2_header)) return;
    throw Error(ErrorCode::bad_input, fmt::format("the request's header counts {} bytes, and the server accepts {} "
                                                  "(SETTINGS_MAX_HEADER_LIST_SIZE); --http 1.1 may have another limit",
                                                  size, std::min<std::size_t>(most, largest_h2_header)));
}

H2Stream* H2Session::stream_of(std::int32_t id) const noexcept {
    return static_cast<H2Stream*>(::nghttp2_session_get_stream_user_data(session_.get(), id));
}

/// Removes the stream from the list, and from nghttp2, which may still close it.
void H2Session::detach(H2Stream& stream) noexcept {
    ::nghttp2_session_set_stream_user_data(session_.get(), stream.id_, nullptr);
    (stream.previous_ ? stream.previous_->next_ : first_) = stream.next_;
    (stream.next_ ? stream.next_->previous_ : last_) = stream.previous_;
    stream.previous_ = stream.next_ = nullptr;
    if (in_header_ == &stream) in_header_ = nullptr;
    if (std::exchange(stream.is_deferred_, false)) --deferred_;
}

void H2Session::reset_stream(std::int32_t id, std::uint32_t code) noexcept {
    ::nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, code);
}

void H2Session::leave(H2Stream& stream) {
    std::erase(ended_, &stream);
    std::erase(filled_, &stream);
    stream.record_.any_byte_sent = may_have_received(stream);
    if (stream.is_ended()) return;
    detach(stream);
    stream.state_ = H2Stream::State::failed;
    if (!is_dead_) reset_stream(stream.id_, NGHTTP2_CANCEL);
}

void H2Session::say_goodbye() noexcept {
    // After a broken rule, this has been done with another code.
    ::nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
}

void H2Session::ping() { ::nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr); }

void H2Session::receive(std::string_view bytes, TimePoint now) {
    if (is_dead_) return;
    now_ = now;
    // nghttp2 would say that the first frame is no SETTINGS frame; true, and no help. No length of a frame that we
    // permit begins like a line of HTTP/1.1, so that its first byte will do, which may come alone.
    if (!std::exchange(has_begun_, true) && bytes.starts_with(begin_of_http_1)) {
        die(Error(ErrorCode::protocol, fmt::format("the server answers in HTTP/1.1 ('{}'); use --http 1.1",
                                                   escaped(bytes.substr(0, bytes.find('\r')), 40))));
        return;
    }
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const ssize_t parsed = ::nghttp2_session_mem_recv(session_.get(), data, bytes.size());
    if (parsed >= 0) return;
    if (!fault_) {
        fault_ = violation(static_cast<int>(parsed));
        if (parsed == NGHTTP2_ERR_FLOODED) {
            fault_.emplace(ErrorCode::protocol, "the server floods the connection with SETTINGS or PING frames");
        }
    }
    ::nghttp2_session_terminate_session(session_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
    die(*fault_);
}

void H2Session::receive_end(const Error& reason) { die(reason); }

void H2Session::append_output(std::string& out, std::size_t most, TimePoint now) {
    now_ = now;
    while (out.size() < most) {
        const std::uint8_t* bytes = nullptr;
        const ssize_t size = ::nghttp2_session_mem_send(session_.get(), &bytes);
        if (size < 0) return die(Error(ErrorCode::protocol, ::nghttp2_strerror(static_cast<int>(size))));
        if (size == 0) break;
        out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
        packed_ += static_cast<std::uint64_t>(size);
    }
    die_if_terminated();
}

/// After a broken rule, nghttp2 sends a GOAWAY frame and takes nothing more.
void H2Session::die_if_terminated() {
    if (is_dead_ || ::nghttp2_session_want_read(session_.get()) || ::nghttp2_session_want_write(session_.get())) return;
    if (!fault_ && goaway_ && !first_) {
        is_dead_ = true;  // the server's goodbye: every stream has ended
        return;
    }
    die(fault_ ? *fault_ : Error(ErrorCode::protocol, fmt::format("the answer is not HTTP/2: {}", fault_text_)));
}

const std::vector<H2Stream*>& H2Session::take_ended() {
    taken_.clear();
    std::swap(taken_, ended_);
    return taken_;
}

const std::vector<H2Stream*>& H2Session::take_filled() {
    taken_filled_.clear();
    std::swap(taken_filled_, filled_);
    return taken_filled_;
}

void H2Session::end(H2Stream& stream) {
    detach(stream);
    ended_.push_back(&stream);
}

void H2Session::die(const Error& reason) {
    if (std::exchange(is_dead_, true)) return;
    const Error why = with_goaway(reason);
    while (first_) {
        H2Stream& stream = *first_;
        const bool was_skipped = goaway_ && stream.id_ > goaway_->last_stream;
        stream.record_.needs_http_1 = was_skipped && goaway_->code == NGHTTP2_HTTP_1_1_REQUIRED;
        was_skipped ? stream.fail(why, H2Stream::End::not_processed) : stream.cut(why);
        end(stream);
    }
}

/// What the server said before it closed says more than the close.
Error H2Session::with_goaway(const Error& reason) const {
    if (!goaway_) return reason;
    const std::string text = goaway_->text.empty() ? "" : fmt::format(" '{}'", goaway_->text);
    return Error(reason.code(),
                 fmt::format("{}; it had said GOAWAY {}{}", reason.what(), h2_error_name(goaway_->code), text));
}

}  // namespace plait::http::internal
