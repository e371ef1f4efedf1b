#pragma once

#include "plait/compare/measure/measurement.hpp"

#include <string>

namespace plait::compare {

/// Returns the comparison and its advice as one line of JSON (docs/formats.md).
std::string comparison_json(const Comparison& comparison);

}  // namespace plait::compare
