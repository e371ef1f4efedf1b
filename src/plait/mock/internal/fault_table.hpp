#pragma once

#include "plait/mock/internal/delivery.hpp"

#include <cstddef>
#include <string_view>

namespace plait::mock::internal {

/// A fault. Flags, paths, help texts and documents are made from this.
struct FaultRow {
    std::string_view name;
    std::string_view help;
    void (*effect)(Delivery&);
    bool is_answer = false;       ///< whether the client gets a complete answer
    bool before_reading = false;  ///< whether it strikes after the head, so that the request counts as never read
};

/// The number of rows. The first is for all statuses.
inline constexpr std::size_t fault_rows = 21;

/// The name of the fault that ends an HTTP/2 connection in order.
inline constexpr std::string_view goodbye = "goaway";

/// The name of the fault that sends the client of an HTTP/2 connection to HTTP/1.1.
inline constexpr std::string_view http_1_1_required = "http-1.1-required";

/// The time between the bytes of a dripping answer.
inline constexpr Duration drip_interval = std::chrono::milliseconds(20);

const FaultRow& fault_row(std::size_t index);

}  // namespace plait::mock::internal
