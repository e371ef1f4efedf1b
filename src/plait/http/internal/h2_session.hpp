#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/http/internal/h2_flood_guard.hpp"
#include "plait/http/internal/h2_stream.hpp"
#include "plait/http/message/headers.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct nghttp2_session;

namespace plait::http::internal {

/// What we tell the server at the start, and what we bear.
struct H2SessionOptions {
    /// A stream's window: an answer may be this far ahead of its acknowledgement. Answers are taken in as they arrive
    /// and bounded by `Limits`, so a window costs no memory here; a small one makes far servers slow.
    std::int32_t stream_window = 4 * 1024 * 1024;
    std::int32_t connection_window = 64 * 1024 * 1024;
    std::size_t header_bytes = Limits().header_bytes;
};

/// The client's side of an HTTP/2 connection (RFC 9113), without any I/O or clock: bytes go in as they arrive, and the
/// streams that end come out. Frames, HPACK and their rules are nghttp2's; this class is the one that knows it.
///
///     H2Session session({}, now);
///     session.open(stream, defaults, now);
///     while (!stream.is_ended()) {
///         write(session.output(now));
///         session.receive(read(), now);
///     }
///
/// It keeps the promises that real servers need: no stream beyond what the server permits, and only one before it has
/// said how many; small windows are not filled with tiny frames; floods end the connection, by name.
class H2Session {
  public:
    H2Session(const H2SessionOptions& options, TimePoint now);
    H2Session(const H2Session&) = delete;
    H2Session& operator=(const H2Session&) = delete;
    /// No stream may be open.
    ~H2Session();

    /// How many more streams may be opened now, if the client wants at most `most` at a time.
    std::size_t room(std::size_t most) const noexcept;
    /// Streams that count towards the server's limit: opened, and not closed on both sides.
    std::size_t open_streams() const noexcept { return open_streams_; }
    /// All streams that were ever opened.
    std::size_t opened() const noexcept { return opened_; }
    /// Whether the server's settings have come. Until then, one stream may be open.
    bool has_settings() const noexcept { return has_settings_; }
    /// How many streams the server permits at a time.
    std::uint32_t server_limit() const noexcept { return server_limit_; }
    /// Whether no new stream may be opened any more: the server says goodbye, or the connection has failed.
    bool is_closing() const noexcept { return goaway_ || is_dead_; }
    /// Whether the connection has failed or ended. All streams have ended then.
    bool is_dead() const noexcept { return is_dead_; }

    /// Queues `stream` to be sent. It must outlive its end, or `leave`. A field of `defaults` is sent unless the
    /// request has one of that name. Only with `room`. Throws `Error(bad_input)` for fields that can't be sent, and
    /// when the server accepts no header as large as this one; the stream is then not open.
    void open(H2Stream& stream, const Headers& defaults, TimePoint now);

    /// The caller does without the answer: resets the stream, unless it has ended. It may be destroyed then.
    void leave(H2Stream& stream);

    /// Takes bytes in pieces of any size.
    void receive(std::string_view bytes, TimePoint now);
    /// Takes the end of the stream of bytes, or the failure of the connection.
    void receive_end(const Error& reason);

    /// Says goodbye (GOAWAY, RFC 9113, section 6.8): the output that follows is the last.
    void say_goodbye() noexcept;

    /// Asks the server for a sign of life.
    void ping();

    /// Appends what is to be sent to `out`, until it holds `most` bytes or more.
    void append_output(std::string& out, std::size_t most, TimePoint now);
    /// Says that `bytes` more of the output have reached the system: a request none of whose bytes have is surely not
    /// executed.
    void sent(std::size_t bytes) noexcept { sent_ += bytes; }
    /// The streams that have ended since the last call, in order.
    const std::vector<H2Stream*>& take_ended();
    /// The streams that have received a block of a body that goes to a file since the last call, in order. A stream may
    /// occur several times.
    const std::vector<H2Stream*>& take_filled();

    /// The first stream that has not ended; null when there is none.
    H2Stream* first() const noexcept { return first_; }
    static H2Stream* next(const H2Stream& stream) noexcept { return stream.next_; }

  private:
    friend struct H2Callbacks;
    struct Goaway {
        std::uint32_t code;
        std::int32_t last_stream;
        std::string text;
    };

    void submit(H2Stream& stream, const Headers& defaults);
    /// Whether the server may receive a byte of this stream's request. What is on its way will be sent for the others.
    bool may_have_received(const H2Stream& stream) const noexcept {
        return stream.is_packed_ && (sent_ > stream.offset_ || !is_dead_);
    }
    void check_header_size(std::size_t size) const;
    H2Stream* stream_of(std::int32_t id) const noexcept;
    void detach(H2Stream& stream) noexcept;
    void reset_stream(std::int32_t id, std::uint32_t code) noexcept;

    // What nghttp2 reports.
    bool begin_frame(std::uint8_t type, std::uint8_t flags, std::size_t size, std::int32_t stream);
    bool admit(H2Flood kind);
    void packed(H2Stream& stream) noexcept;
    void take_settings();
    void take_goaway(std::uint32_t code, std::int32_t last_stream, std::string_view text);
    void end_of_stream(H2Stream& stream);
    void end_at_last_event(H2Stream& stream);
    void stream_failed(H2Stream& stream, Error error, std::uint32_t reset_code);
    void stream_closed(std::int32_t id, std::uint32_t code);
    void fail_closed(H2Stream& stream, std::uint32_t code);
    std::size_t read_body(H2Stream& stream, std::span<std::uint8_t> room, bool& is_all);
    void resume_bodies();

    void end(H2Stream& stream);
    void die(const Error& reason);
    Error violation(int nghttp2_error) const;
    Error with_goaway(const Error& reason) const;
    void die_if_terminated();

    struct Delete {
        void operator()(nghttp2_session* session) const noexcept;
    };
    std::unique_ptr<nghttp2_session, Delete> session_;
    H2FloodGuard floods_;
    TimePoint now_;
    std::uint32_t server_limit_ = 1;
    bool has_begun_ = false;  ///< bytes have come
    bool has_settings_ = false;
    bool is_dead_ = false;
    std::size_t open_streams_ = 0;
    std::size_t opened_ = 0;
    std::size_t deferred_ = 0;
    std::size_t continuations_ = 0;
    std::uint64_t packed_ = 0;  ///< bytes of output that were ever made
    std::uint64_t sent_ = 0;    ///< of them, those that the system took
    std::int32_t widest_window_ = 0;
    H2Stream* first_ = nullptr;
    H2Stream* last_ = nullptr;
    H2Stream* in_header_ = nullptr;  ///< the stream whose fields are coming
    std::vector<H2Stream*> ended_;
    std::vector<H2Stream*> taken_;
    std::vector<H2Stream*> filled_;
    std::vector<H2Stream*> taken_filled_;
    std::optional<Goaway> goaway_;
    std::optional<Error> fault_;  ///< the rule that the server broke
    std::string fault_text_;      ///< nghttp2's words for it
};

/// Whether to send a DATA frame now that `room` bytes of the windows are free, rather than wait for more: it takes the
/// rest of the body, a whole frame, or half of the window that the server gives (RFC 1122, section 4.2.3.4, on TCP's
/// silly windows).
bool is_worth_a_frame(std::size_t room, std::uint64_t unsent, std::size_t window) noexcept;

/// The name of an error code (RFC 9113, section 7), such as `REFUSED_STREAM`.
std::string h2_error_name(std::uint32_t code);

}  // namespace plait::http::internal
