#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/http/body/limits.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/transfer/internal/body_reader.hpp"
#include "plait/http/transfer/internal/body_receiver.hpp"
#include "plait/http/transfer/internal/exchange_record.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace plait::http::internal {

/// One request and its answer on an HTTP/2 connection (RFC 9113, section 8.1), without any I/O: an `H2Session` tells it
/// what came, and it builds the `Response`.
///
/// It ends once: with a whole answer, or with an error that says why there is none. What comes later changes nothing.
/// So the first reset counts, and an answer that is complete stays one whatever happens to the upload or to the
/// connection.
class H2Stream {
  public:
    /// All must outlive the stream. What became of it is in `record`.
    H2Stream(const Request& request, const ExchangeBounds& bounds, ExchangeRecord& record);
    H2Stream(const H2Stream&) = delete;
    H2Stream& operator=(const H2Stream&) = delete;

    const Request& request() const noexcept { return request_; }

    bool is_ended() const noexcept { return state_ != State::open; }
    bool is_answered() const noexcept { return state_ == State::answered; }

    /// Why there is no answer; valid after an end without one.
    const Error& error() const { return *error_; }
    /// The answer, as far as it has come. Once it has begun.
    const Response& response() const noexcept { return *record_.response; }
    /// Whether a block of the answer's body is to be written to its file before more is received.
    bool has_block() const noexcept {
        if (!record_.response || !bounds_.rules.body_writer) return false;
        const auto& body = record_.response->saved_body;
        return body && body->has_block();
    }

    /// Whether the answer has begun.
    bool has_begun() const noexcept { return record_.phase == Phase::receiving; }

    /// When a byte of this exchange was last sent or received.
    TimePoint last_byte() const noexcept { return last_byte_; }

    const ExchangeBounds& bounds() const noexcept { return bounds_; }

  protected:
    ~H2Stream() = default;
    ExchangeRecord& record() noexcept { return record_; }

  private:
    friend class H2Session;
    friend struct H2Callbacks;
    enum class State : std::uint8_t { open, answered, failed };
    enum class End : std::uint8_t { processed, not_processed };

    // Called by the session, in the order of the frames. They throw `Error` with `protocol` or `too_large`.
    void add_field(std::string_view name, std::string_view value);
    void end_head(bool is_all, TimePoint now);
    void begin_body();
    void add_body(std::string_view bytes, TimePoint now);
    void end_body() {
        if (body_) body_->end();
    }

    void answer(TimePoint now);
    void fail(Error error, End end = End::processed);
    /// The connection ended, without more to say about this stream.
    void cut(const Error& error);

    /// Bytes of the request's body.
    std::uint64_t unsent() const noexcept { return unsent_body_ ? unsent_body_->left() : 0; }

    void enter(Phase phase, TimePoint now);
    bool is_too_short() const;

    const Request& request_;
    const ExchangeBounds& bounds_;
    ExchangeRecord& record_;
    std::unique_ptr<BodyReceiver> body_;       ///< null: none has begun
    std::unique_ptr<BodyReader> unsent_body_;  ///< null: the request has no body
    std::unique_ptr<const Error> error_;       ///< null: it has not failed
    TimePoint phase_start_{};
    TimePoint last_byte_{};
    std::uint64_t offset_ = 0;      ///< of its first byte in all that the connection has sent
    std::uint64_t body_bytes_ = 0;  ///< received, before their codings are undone
    std::size_t field_bytes_ = 0;
    H2Stream* previous_ = nullptr;
    H2Stream* next_ = nullptr;
    std::int32_t id_ = 0;
    std::uint16_t interim_answers_ = 0;
    State state_ = State::open;
    bool is_packed_ = false;    ///< its HEADERS are among the bytes to be sent, or sent
    bool has_head_ = false;     ///< the head of the final answer has come; further fields are trailers
    bool was_reset_ = false;    ///< by the server
    bool is_deferred_ = false;  ///< its body waits for a larger window
};

}  // namespace plait::http::internal
