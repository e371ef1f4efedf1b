#pragma once

#include "plait/http/body/body_memory.hpp"
#include "plait/http/body/limits.hpp"
#include "plait/http/message/internal/content_codings.hpp"
#include "plait/http/message/response.hpp"
#include "plait/http/transfer/internal/body_buffer.hpp"
#include "plait/http/transfer/internal/content_decoder.hpp"
#include "plait/http/transfer/internal/event_stream_end.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace plait::http::internal {

/// Takes the body of an answer as it arrives, without its framing: undoes its content codings, and appends it to the
/// `Response`, within the limits.
///
///     BodyReceiver body(response, limits, memory, Decoding::on);
///     body.begin(length);  // once the header fields are in the response
///     body.put(bytes);     // for each piece
///     body.end();
///
/// A body in unknown codings stays as it is, and so does a part of one (206): it begins in the middle of coded data.
class BodyReceiver {
  public:
    /// The first three, and what `until_event` points to, must outlive the receiver. `until_event` is the name of the
    /// event that ends an event stream (`SessionOptions::until_event`); empty: none.
    BodyReceiver(Response& response, const Limits& limits, BodyMemory& memory, Decoding decoding,
                 std::string_view until_event = {}) noexcept
        : response_(response),
          limits_(limits),
          buffer_(response, limits, memory),
          until_event_(until_event),
          decoding_(decoding) {}

    /// Begins a body of this length; none: unknown. Throws `Error(too_large)`.
    void begin(std::optional<std::uint64_t> length);

    /// Takes bytes in pieces of any size. Throws `Error` with `protocol` for damaged data, or `too_large`.
    void put(std::string_view bytes);

    /// Ends the body; does nothing if there was none. Throws `Error(protocol)` when its coded data is truncated.
    void end();

    /// Whether the event came that ends the stream, so that the rest of the body is not wanted.
    bool has_last_event() const noexcept { return has_last_event_; }

  private:
    void begin_codings();
    void take(std::string_view bytes);
    void take_decoded(std::string_view bytes);

    Response& response_;
    const Limits& limits_;
    BodyBuffer buffer_;
    std::unique_ptr<ContentDecoder> decoder_;     ///< null: the body is appended as it comes
    std::unique_ptr<EventStreamEnd> last_event_;  ///< null: the body ends with itself
    std::string_view until_event_;
    std::uint64_t coded_size_ = 0;
    bool has_last_event_ = false;
    const Decoding decoding_;
};

}  // namespace plait::http::internal
