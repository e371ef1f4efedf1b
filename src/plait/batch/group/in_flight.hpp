#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace plait::batch {

/// A call in flight.
class CallInFlight {
  public:
    CallInFlight(std::string custom_id_, Duration age_) : custom_id(std::move(custom_id_)), age(age_) {}

    std::string custom_id;
    Duration age;
};

/// Returns a line for people: the number of calls in flight, and the oldest of them.
std::string in_flight_text(std::size_t count, const std::vector<CallInFlight>& oldest);

}  // namespace plait::batch
