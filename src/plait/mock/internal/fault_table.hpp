#pragma once

#include "plait/mock/internal/delivery.hpp"

#include <cstddef>
#include <string_view>

namespace plait::mock::internal {

/// A fault, all of it: flags, paths, help and documents come from here.
struct FaultRow {
    std::string_view name;
    std::string_view help;
    void (*effect)(Delivery&);
    bool is_answer = false;       ///< the client gets a whole answer all the same
    bool before_reading = false;  ///< it strikes when the head has come, and the request counts as never read
};

/// How many rows the table has; the first is that of the statuses.
inline constexpr std::size_t fault_rows = 16;

/// Between the bytes of an answer that drips.
inline constexpr Duration drip_interval = std::chrono::milliseconds(20);

const FaultRow& fault_row(std::size_t index);

}  // namespace plait::mock::internal
