#pragma once

#include "plait/http/response.hpp"
#include "plait/policy/costs.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace plait::batch {

/// Where an answer says what its call really cost: a unit, and a JSON Pointer (RFC 6901) to a number in the body.
class CostSource {
  public:
    CostSource(std::string unit_, std::string pointer_) : unit(std::move(unit_)), pointer(std::move(pointer_)) {}

    std::string unit;
    std::string pointer;
};

/// Reads a source such as `tokens=/usage/total_tokens`, or without a unit `/usage/total_tokens`: then the unit is
/// `usual_unit`, and when that is empty it has to be said. Throws `Error(bad_input)` that says what is wrong.
CostSource parse_cost_source(std::string_view text, std::string_view usual_unit);

/// The number, which is not negative, that `response` has there; nothing when it has none.
std::optional<double> cost_in(const http::Response& response, const CostSource& source);

}  // namespace plait::batch
