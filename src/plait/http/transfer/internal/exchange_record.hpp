#pragma once

#include "plait/base/boxed.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/body/body_memory.hpp"
#include "plait/http/body/limits.hpp"
#include "plait/http/message/internal/content_codings.hpp"
#include "plait/http/message/response.hpp"

#include <optional>
#include <string_view>

namespace plait::http::internal {

class BodyWriter;

/// The phases of an exchange, in order.
enum class Phase { sending, waiting, receiving };

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
    Timings timings;           ///< of its phases
    Boxed<Response> response;  ///< as far as it has arrived; over HTTP/2, nothing before its first field
};

}  // namespace plait::http::internal
