#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace plait::batch {

/// A call that has begun and not ended.
class CallInFlight {
  public:
    CallInFlight(std::string custom_id_, Duration for_so_long_)
        : custom_id(std::move(custom_id_)), for_so_long(for_so_long_) {}

    std::string custom_id;
    Duration for_so_long;
};

/// A line for people: how many calls are in flight, and the oldest of them.
std::string in_flight_text(std::size_t count, const std::vector<CallInFlight>& oldest);

}  // namespace plait::batch
