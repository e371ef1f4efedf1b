#pragma once

#include "plait/http/message/response.hpp"
#include "plait/policy/pace/costs.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace plait::batch {

/// Where answers say what their calls cost: a unit, and a JSON Pointer (RFC 6901) to a number in the body.
class CostSource {
  public:
    CostSource(std::string unit_, std::string pointer_) : unit(std::move(unit_)), pointer(std::move(pointer_)) {}

    std::string unit;
    std::string pointer;
};

/// Parses a source such as `tokens=/usage/total_tokens`. Without a unit, as in `/usage/total_tokens`, the unit is
/// `usual_unit`, which must not be empty then. Throws `Error(bad_input)`, which says what is wrong.
CostSource parse_cost_source(std::string_view text, std::string_view usual_unit);

/// Returns the number that `response` has there; nothing if there is none, or it is negative.
std::optional<double> cost_in(const http::Response& response, const CostSource& source);

}  // namespace plait::batch
