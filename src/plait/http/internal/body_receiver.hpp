#pragma once

#include "plait/http/body_memory.hpp"
#include "plait/http/internal/body_buffer.hpp"
#include "plait/http/internal/content_codings.hpp"
#include "plait/http/internal/content_decoder.hpp"
#include "plait/http/limits.hpp"
#include "plait/http/response.hpp"

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
    /// The first three must outlive the receiver.
    BodyReceiver(Response& response, const Limits& limits, BodyMemory& memory, Decoding decoding) noexcept
        : response_(response), limits_(limits), buffer_(response, limits, memory), decoding_(decoding) {}

    /// Begins a body of this length; none: unknown. Throws `Error(too_large)`.
    void begin(std::optional<std::uint64_t> length);

    /// Takes bytes in pieces of any size. Throws `Error` with `protocol` for damaged data, or `too_large`.
    void put(std::string_view bytes);

    /// Ends the body; does nothing if there was none. Throws `Error(protocol)` when its coded data is truncated.
    void end();

  private:
    void take_decoded(std::string_view bytes);

    Response& response_;
    const Limits& limits_;
    BodyBuffer buffer_;
    std::unique_ptr<ContentDecoder> decoder_;  ///< null: the body is appended as it comes
    std::uint64_t coded_size_ = 0;
    const Decoding decoding_;
};

}  // namespace plait::http::internal
