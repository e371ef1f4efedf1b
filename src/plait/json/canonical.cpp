#include "plait/json/canonical.hpp"

#include "plait/base/text/joined.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

namespace plait::json {

namespace {

namespace ondemand = simdjson::ondemand;

/// A double represents every whole number up to 2^53 exactly.
constexpr double most_exact = 9'007'199'254'740'992;

void append(std::string& out, ondemand::value value);

std::string_view without_space_behind(std::string_view token) {
    return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

void append_number(std::string& out, ondemand::value value) {
    std::int64_t whole = 0;
    double number = 0;
    if (value.get_int64().get(whole) == simdjson::SUCCESS) {
        out += fmt::format_int(whole).c_str();
        return;
    }
    const std::string_view token = without_space_behind(value.raw_json_token());
    const bool is_whole = token.find_first_of(".eE") == std::string_view::npos;
    if (is_whole || value.get_double().get(number)) {
        out += token;
    } else if (std::trunc(number) == number && std::abs(number) <= most_exact) {
        out += fmt::format_int(static_cast<std::int64_t>(number)).c_str();
    } else {
        out += fmt::format("{}", number);
    }
}

void append_array(std::string& out, ondemand::array array) {
    out += '[';
    bool is_first = true;
    for (ondemand::value element : array) {
        if (!is_first) out += ',';
        is_first = false;
        append(out, element);
    }
    out += ']';
}

void append_object(std::string& out, ondemand::object object) {
    std::vector<std::string> fields;
    for (ondemand::field field : object) {
        std::string text;
        append_string(text, std::string_view(field.unescaped_key()));
        text += ':';
        append(text, field.value());
        fields.push_back(std::move(text));
    }
    std::sort(fields.begin(), fields.end());
    out += '{' + joined_by(fields, ",") + '}';
}

void append(std::string& out, ondemand::value value) {
    std::string_view text;
    switch (value.type()) {
        case ondemand::json_type::array:
            return append_array(out, value.get_array());
        case ondemand::json_type::object:
            return append_object(out, value.get_object());
        case ondemand::json_type::number:
            return append_number(out, value);
        case ondemand::json_type::string:
            // Half of a UTF-16 pair is valid JSON, but not text.
            if (value.get_string().get(text)) {
                out += without_space_behind(value.raw_json_token());
            } else {
                append_string(out, text);
            }
            return;
        default:
            out += without_space_behind(value.raw_json_token());
    }
}

}  // namespace

std::string canonical(ondemand::value value) {
    std::string out;
    append(out, value);
    return out;
}

}  // namespace plait::json
