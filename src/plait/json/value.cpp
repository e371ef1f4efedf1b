#include "plait/json/value.hpp"

#include "plait/json/text.hpp"

#include <algorithm>

namespace plait::json {

namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

/// The deepest nesting of arrays and objects: checking them recurses.
constexpr int deepest = 500;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view without_space_behind(std::string_view text) {
    const auto last = text.find_last_not_of(" \t\r\n");
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// Removes the digits at the front of `text`. Returns false if there are none.
bool skip_digits(std::string_view& text) {
    const auto digits = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
    text.remove_prefix(digits);
    return digits > 0;
}

/// Whether `text` is a number (RFC 8259, section 6). simdjson's own check refuses numbers that fit into no C++ type.
bool is_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    if (text.size() > 1 && text[0] == '0' && is_digit(text[1])) return false;
    if (!skip_digits(text)) return false;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        if (!skip_digits(text)) return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
        if (!skip_digits(text)) return false;
    }
    return text.empty();
}

/// Whether each backslash of a string token begins an escape of RFC 8259, section 7. simdjson has checked the rest.
bool has_good_escapes(std::string_view token) {
    constexpr std::string_view hex_digits = "0123456789abcdefABCDEF";
    for (auto at = token.find('\\'); at != std::string_view::npos; at = token.find('\\', at + 2)) {
        const std::string_view escape = token.substr(at + 1);
        if (escape.starts_with('u')) {
            const std::string_view digits = escape.substr(1, 4);
            if (digits.size() < 4 || digits.find_first_not_of(hex_digits) != std::string_view::npos) return false;
        } else if (escape.empty() || std::string_view("\"\\/bfnrt").find(escape[0]) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

error_code check(ondemand::value value, int depth);

error_code check_array(ondemand::value value, int depth) {
    ondemand::array array;
    if (auto error = value.get_array().get(array)) return error;
    for (auto element : array) {
        ondemand::value inner;
        if (auto error = std::move(element).get(inner)) return error;
        if (auto error = check(inner, depth + 1)) return error;
    }
    return simdjson::SUCCESS;
}

error_code check_object(ondemand::value value, int depth) {
    ondemand::object object;
    if (auto error = value.get_object().get(object)) return error;
    for (auto field : object) {
        if (auto error = field.unescaped_key().error()) return error;
        ondemand::value inner;
        if (auto error = field.value().get(inner)) return error;
        if (auto error = check(inner, depth + 1)) return error;
    }
    return simdjson::SUCCESS;
}

error_code check_scalar(ondemand::value value, ondemand::json_type type) {
    const std::string_view token = without_space_behind(value.raw_json_token());
    switch (type) {
        case ondemand::json_type::string:
            return has_good_escapes(token) ? simdjson::SUCCESS : simdjson::STRING_ERROR;
        case ondemand::json_type::number:
            return is_number(token) ? simdjson::SUCCESS : simdjson::NUMBER_ERROR;
        case ondemand::json_type::boolean:
            return token == "true"    ? simdjson::SUCCESS
                   : token == "false" ? simdjson::SUCCESS
                   : token[0] == 't'  ? simdjson::T_ATOM_ERROR
                                      : simdjson::F_ATOM_ERROR;
        default:
            return token == "null" ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
    }
}

error_code check(ondemand::value value, int depth) {
    if (depth > deepest) return simdjson::DEPTH_ERROR;
    ondemand::json_type type;
    if (auto error = value.type().get(type)) return error;
    switch (type) {
        case ondemand::json_type::array:
            return check_array(value, depth);
        case ondemand::json_type::object:
            return check_object(value, depth);
        default:
            return check_scalar(value, type);
    }
}

}  // namespace

simdjson::simdjson_result<std::string_view> checked_text(ondemand::document& document, ondemand::value value) {
    ondemand::json_type type;
    if (auto error = value.type().get(type)) return error;
    const std::string_view token = value.raw_json_token();
    if (auto error = check(value, 0)) return error;
    if (type != ondemand::json_type::array && type != ondemand::json_type::object) return without_space_behind(token);
    const char* next = nullptr;
    if (auto error = document.current_location().get(next)) return error;
    return without_space_behind({token.data(), static_cast<std::size_t>(next - token.data())});
}

simdjson::padded_string_view PaddedText::assign(std::initializer_list<std::string_view> parts) {
    buffer_.clear();
    for (const std::string_view part : parts) buffer_ += part;
    const std::size_t size = buffer_.size();
    buffer_.append(simdjson::SIMDJSON_PADDING, '\0');
    return simdjson::padded_string_view(buffer_.data(), size, buffer_.size());
}

bool LoneValue::assign(std::string_view text) {
    text = without_byte_order_mark(text);
    // As the only element of an array, any JSON value is checked in the same way, even a lone number.
    ondemand::array elements;
    if (parser_.iterate(padded_.assign({"[", text, "]"})).get(document_)) return false;
    if (document_.get_array().get(elements)) return false;
    std::size_t count = 0;
    for (auto element : elements) {
        ondemand::value value;
        if (std::move(element).get(value) || check(value, 0)) return false;
        ++count;
    }
    // With `1],[2` the array ends early.
    return count == 1 && document_.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

ondemand::value LoneValue::read() {
    document_.rewind();
    return *ondemand::array(document_.get_array()).begin().value();
}

std::optional<std::string_view> CompactValue::make(std::string_view text) {
    if (!value_.assign(text)) return std::nullopt;
    text = without_byte_order_mark(text);
    if (text.find_first_of("\r\n") == std::string_view::npos) return text;
    compact_.resize(text.size());
    std::size_t size = 0;
    if (simdjson::minify(text.data(), text.size(), compact_.data(), size)) return std::nullopt;
    return std::string_view(compact_.data(), size);
}

}  // namespace plait::json
