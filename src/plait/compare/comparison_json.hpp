#pragma once

#include "plait/compare/measurement.hpp"

#include <string>

namespace plait::compare {

/// The comparison, and what it advises, as one line of JSON (docs/formats.md).
std::string comparison_json(const Comparison& comparison);

}  // namespace plait::compare
