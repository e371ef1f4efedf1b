#pragma once

#include "plait/base/clock.hpp"

#include <simdjson.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace plait::json {

// Readers of the fields of an object. A value of another kind throws `Error(bad_input)` with a sentence that names the
// field; a text that is not JSON throws `simdjson_error`.

inline simdjson::ondemand::json_type type_of(simdjson::ondemand::value value) { return value.type().value(); }

simdjson::ondemand::object read_object(simdjson::ondemand::value value, std::string_view name);
simdjson::ondemand::array read_list(simdjson::ondemand::value value, std::string_view name);
/// Valid until the document's parser reads anything else.
std::string_view read_text(simdjson::ondemand::value value, std::string_view name);
/// A text that is not empty.
std::string_view read_name(simdjson::ondemand::value value, std::string_view name);
bool read_truth(simdjson::ondemand::value value, std::string_view name);
double read_number(simdjson::ondemand::value value, std::string_view name);
/// A whole number from `least` to `most`.
int read_whole_number(simdjson::ondemand::value value, std::string_view name, int least, int most);
/// Seconds, more than 0 and at most a week: a longer time is a typing error.
Duration read_seconds(simdjson::ondemand::value value, std::string_view name);

/// Returns a message for a field that is not in `known`, such as `unknown field "metod", did you mean "method"?`.
std::string unknown_field(std::string_view name, std::span<const std::string_view> known);

}  // namespace plait::json
