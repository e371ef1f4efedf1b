#pragma once

#include "plait/base/clock.hpp"

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string_view>

// Return the fields of a JSON object, with their types checked: nothing for a field that is missing or null. A value of
// another type throws `Error(bad_input)` with the name of the field.
namespace plait::report::internal {

std::optional<std::string_view> find_string(simdjson::dom::object object, std::string_view name);
std::optional<bool> find_bool(simdjson::dom::object object, std::string_view name);
std::optional<simdjson::dom::object> find_object(simdjson::dom::object object, std::string_view name);

/// A whole number, not above `most`.
std::optional<std::uint64_t> find_count(simdjson::dom::object object, std::string_view name, std::uint64_t most);

/// A number of microseconds, or of milliseconds, from 0 to `longest_time`, to the tenth of a microsecond.
std::optional<Duration> find_microseconds(simdjson::dom::object object, std::string_view name);
std::optional<Duration> find_milliseconds(simdjson::dom::object object, std::string_view name);

/// No run takes longer, and sums of such times don't overflow.
inline constexpr Duration longest_time = std::chrono::hours(24 * 366);

/// Returns the value of a field that is required. Throws `Error(bad_input)` when there is none.
template <class T>
T needed(std::optional<T> value, std::string_view name);

[[noreturn]] void refuse_missing(std::string_view name);

template <class T>
T needed(std::optional<T> value, std::string_view name) {
    if (!value) refuse_missing(name);
    return *value;
}

}  // namespace plait::report::internal
