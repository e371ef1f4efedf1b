#include "plait/json/fields.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/nearest_name.hpp"

#include <fmt/format.h>

#include <chrono>

namespace plait::json {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr double longest_seconds = 7 * 24 * 3600;

/// Refuses a value of another type, and a number out of range. Any other error means invalid JSON, and is thrown as
/// `simdjson_error`.
template <class Value>
Value required(simdjson::simdjson_result<Value> result, std::string_view name, std::string_view wanted) {
    const simdjson::error_code error = result.error();
    if (error == simdjson::INCORRECT_TYPE || error == simdjson::NUMBER_ERROR ||
        error == simdjson::NUMBER_OUT_OF_RANGE) {
        throw_bad_input(fmt::format("\"{}\" must be {}", name, wanted));
    }
    return std::move(result).value();
}

}  // namespace

ondemand::object read_object(ondemand::value value, std::string_view name) {
    return required<ondemand::object>(value.get_object(), name, "an object");
}

ondemand::array read_list(ondemand::value value, std::string_view name) {
    return required<ondemand::array>(value.get_array(), name, "a list");
}

std::string_view read_text(ondemand::value value, std::string_view name) {
    return required<std::string_view>(value.get_string(), name, "a string");
}

std::string_view read_name(ondemand::value value, std::string_view name) {
    const std::string_view text = read_text(value, name);
    if (text.empty()) throw_bad_input(fmt::format("\"{}\" is empty", name));
    return text;
}

bool read_truth(ondemand::value value, std::string_view name) {
    return required<bool>(value.get_bool(), name, "true or false");
}

double read_number(ondemand::value value, std::string_view name) {
    return required<double>(value.get_double(), name, "a number");
}

int read_whole_number(ondemand::value value, std::string_view name, int least, int most) {
    const std::string wanted = fmt::format("a whole number from {} to {}", least, most);
    const auto number = required<std::int64_t>(value.get_int64(), name, wanted);
    if (number < least || number > most) throw_bad_input(fmt::format("\"{}\" must be {}", name, wanted));
    return static_cast<int>(number);
}

Duration read_seconds(ondemand::value value, std::string_view name) {
    const double seconds = read_number(value, name);
    if (!(seconds > 0 && seconds <= longest_seconds)) {
        throw_bad_input(fmt::format("\"{}\" must be more than 0 and at most 604800 (a week)", name));
    }
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

std::string unknown_field(std::string_view name, std::span<const std::string_view> known) {
    const std::string_view nearest = nearest_name(name, known);
    return fmt::format("unknown field \"{}\"{}", name,
                       nearest.empty() ? "" : fmt::format(", did you mean \"{}\"?", nearest));
}

}  // namespace plait::json
