#pragma once

#include "values/python.hpp"
#include <optional>
#include <string>

namespace plait::python {

/// Parses JSON into Python's objects, or only the value at `pointer` (RFC 6901) if it is not null. Returns nothing for
/// what simdjson does not take, which need not be wrong.
std::optional<nb::object> parse_json(const std::string& text, const std::string* pointer);

}  // namespace plait::python
