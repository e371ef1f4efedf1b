#pragma once

#include "plait/batch/call/call.hpp"

#include <simdjson.h>

namespace plait::batch::internal {

// Readers of the fields of a request line that are objects with rules for its call.

/// `{"max_attempts": 5, "statuses": [409]}`
void read_retry(simdjson::ondemand::value value, CallRules& rules);

/// `{"tokens": 812, "usd": 0.002}`
policy::Costs read_costs(simdjson::ondemand::value value);

}  // namespace plait::batch::internal
