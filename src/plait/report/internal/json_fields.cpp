#include "plait/report/internal/json_fields.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <cmath>

namespace plait::report::internal {

namespace {

namespace dom = simdjson::dom;

std::optional<dom::element> find(dom::object object, std::string_view name) {
    dom::element element;
    if (object.at_key(name).get(element) || element.is_null()) return std::nullopt;
    return element;
}

[[noreturn]] void refuse_type(std::string_view name, std::string_view wanted) {
    throw Error(ErrorCode::bad_input, fmt::format("\"{}\" must be {}", name, wanted));
}

template <class T>
std::optional<T> find_as(dom::object object, std::string_view name, std::string_view wanted) {
    const auto element = find(object, name);
    if (!element) return std::nullopt;
    T value;
    if (element->get(value)) refuse_type(name, wanted);
    return value;
}

std::optional<Duration> find_time(dom::object object, std::string_view name, Duration unit) {
    const auto number = find_as<double>(object, name, "a number");
    if (!number) return std::nullopt;
    constexpr Duration tenth{100};
    const double tenths = *number * static_cast<double>(unit / tenth);
    if (!(tenths >= 0 && tenths <= static_cast<double>(longest_time / tenth))) {
        refuse_type(name, "a time from 0 to a year");
    }
    return std::llround(tenths) * tenth;
}

}  // namespace

std::optional<std::string_view> find_string(dom::object object, std::string_view name) {
    return find_as<std::string_view>(object, name, "a string");
}

std::optional<bool> find_bool(dom::object object, std::string_view name) {
    return find_as<bool>(object, name, "true or false");
}

std::optional<dom::object> find_object(dom::object object, std::string_view name) {
    return find_as<dom::object>(object, name, "an object");
}

std::optional<std::uint64_t> find_count(dom::object object, std::string_view name, std::uint64_t most) {
    const auto count = find_as<std::uint64_t>(object, name, "a whole number");
    if (count && *count > most) refuse_type(name, fmt::format("at most {}", most));
    return count;
}

std::optional<Duration> find_microseconds(dom::object object, std::string_view name) {
    return find_time(object, name, std::chrono::microseconds(1));
}

std::optional<Duration> find_milliseconds(dom::object object, std::string_view name) {
    return find_time(object, name, std::chrono::milliseconds(1));
}

void refuse_missing(std::string_view name) {
    throw Error(ErrorCode::bad_input, fmt::format("\"{}\" is missing", name));
}

}  // namespace plait::report::internal
