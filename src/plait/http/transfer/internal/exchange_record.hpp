#pragma once

#include "plait/base/boxed.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/body/body_memory.hpp"
#include "plait/http/body/limits.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/message/internal/content_codings.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/message/response.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace plait::http::internal {

class BodyWriter;

/// The phases of an exchange, in order.
enum class Phase : std::uint8_t { sending, waiting, receiving };

/// What all exchanges of a session have in common.
struct ExchangeRules {
    const Limits& limits;
    BodyMemory& body_memory;
    Decoding decoding;
    Duration idle_limit;  ///< the longest time in which no byte moves in either direction
    /// The event that ends an event stream; empty: none.
    std::string_view until_event{};
    /// Writes large bodies to files meanwhile; null: whoever has the answer does.
    BodyWriter* body_writer = nullptr;
};

/// The limits of one exchange.
struct ExchangeBounds {
    const ExchangeRules& rules;
    TimePoint deadline;  ///< the end of the attempt
};

/// The progress of an exchange, also after it has failed.
struct ExchangeRecord {
    ExchangeRecord() noexcept {}

    std::optional<Phase> phase;  ///< none before it has started
    bool any_byte_sent = false;  ///< whether the server may have received a byte of the request
    HttpVersion version = HttpVersion::http_1_1;

    // Why an exchange over HTTP/2 failed.
    /// The server has surely not processed the request, so that sending it again cannot execute it twice: it refused
    /// the stream, or said that it stops before it (RFC 9113, section 8.7).
    bool was_not_processed = false;
    bool needs_http_1 = false;  ///< the server wants HTTP/1.1 for this request (HTTP_1_1_REQUIRED)
    /// The connection had carried other calls, and not a byte came over it during this one: most likely the server had
    /// closed it before.
    bool met_silence = false;

    Timings timings;           ///< of its phases
    Boxed<Response> response;  ///< as far as it has arrived; over HTTP/2, nothing before its first field
};

/// All that an exchange works with. It is in one place, so that the coroutine that waits for the answer holds a single
/// reference.
struct ExchangeTerms {
    ExchangeTerms(const Request& request_, const ExchangeBounds& bounds_) noexcept
        : request(request_), bounds(bounds_) {}

    const Request& request;
    const Headers* defaults = nullptr;  ///< the header fields that are sent where the request has none of the name
    ExchangeBounds bounds;
    ExchangeRecord record;
};

}  // namespace plait::http::internal
