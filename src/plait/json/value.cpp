#include "plait/json/value.hpp"

#include "plait/json/plain_value.hpp"
#include "plait/json/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <system_error>
#include <vector>

namespace plait::json {

namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

/// The deepest nesting of arrays and objects: checking them recurses.
constexpr int deepest = 500;

/// Readers stop at 100 or a little more.
constexpr int deepest_usual = 100;

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

double as_double(std::string_view token) {
    double value = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
    // Too small is out of range as well, but 0 to any reader.
    const auto exponent = token.find_first_of("eE");
    const bool is_small = exponent != std::string_view::npos && token.substr(exponent + 1).starts_with('-');
    return error == std::errc::result_out_of_range && !is_small ? std::numeric_limits<double>::infinity() : value;
}

/// Whether a token is a number that a reader may not be able to hold. Exact at the limits of 64 bits but for the sign.
bool is_large(std::string_view token) {
    if (token.size() < 19) return token.find_first_of("eE") != std::string_view::npos && std::isinf(as_double(token));
    if (token.find_first_of(".eE") != std::string_view::npos) return std::isinf(as_double(token));
    std::uint64_t magnitude = 0;
    const bool is_negative = token.starts_with('-');
    const char* end = token.data() + token.size();
    const auto [rest, error] = std::from_chars(token.data() + (is_negative ? 1 : 0), end, magnitude);
    return error != std::errc() || (is_negative && magnitude > std::uint64_t{1} << 63);
}

std::optional<unsigned> hex4(std::string_view digits) {
    unsigned value = 0;
    if (digits.size() < 4) return std::nullopt;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + 4, value, 16);
    if (error != std::errc() || end != digits.data() + 4) return std::nullopt;
    return value;
}

enum class Half { none, first, second };

Half half_of(unsigned unit) {
    return unit < 0xd800 || unit > 0xdfff ? Half::none : unit < 0xdc00 ? Half::first : Half::second;
}

/// Walks all of a value and checks it, and may note what strict readers refuse.
class Checker {
  public:
    explicit Checker(Oddities* oddities) noexcept : oddities_(oddities) {}

    error_code check(ondemand::value value, int depth) {
        if (depth > deepest) return simdjson::DEPTH_ERROR;
        ondemand::json_type type;
        if (auto error = value.type().get(type)) return error;
        const bool has_inside = type == ondemand::json_type::array || type == ondemand::json_type::object;
        if (oddities_ && has_inside && depth >= deepest_usual) oddities_->too_deep = true;
        switch (type) {
            case ondemand::json_type::array:
                return check_array(value, depth);
            case ondemand::json_type::object:
                return check_object(value, depth);
            default:
                return check_scalar(value, type);
        }
    }

  private:
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
        const std::size_t first_name = names_.size();
        for (auto field : object) {
            std::string_view name;
            if (auto error = field.unescaped_key().get(name)) return error;
            if (oddities_) names_.push_back(name);
            ondemand::value inner;
            if (auto error = field.value().get(inner)) return error;
            if (auto error = check(inner, depth + 1)) return error;
        }
        if (oddities_) forget_names(first_name);
        return simdjson::SUCCESS;
    }

    /// Compares the names of an object, and forgets them.
    void forget_names(std::size_t first) {
        const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(first);
        std::sort(begin, names_.end());
        if (std::adjacent_find(begin, names_.end()) != names_.end()) oddities_->repeated_name = true;
        names_.resize(first);
    }

    error_code check_scalar(ondemand::value value, ondemand::json_type type) {
        const std::string_view token = without_space_behind(value.raw_json_token());
        switch (type) {
            case ondemand::json_type::string:
                return check_escapes(token) ? simdjson::SUCCESS : simdjson::STRING_ERROR;
            case ondemand::json_type::number:
                if (!is_number(token)) return simdjson::NUMBER_ERROR;
                if (oddities_ && is_large(token)) oddities_->large_number = true;
                return simdjson::SUCCESS;
            case ondemand::json_type::boolean:
                return token == "true"    ? simdjson::SUCCESS
                       : token == "false" ? simdjson::SUCCESS
                       : token[0] == 't'  ? simdjson::T_ATOM_ERROR
                                          : simdjson::F_ATOM_ERROR;
            default:
                return token == "null" ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
        }
    }

    /// Whether each backslash of a string token begins an escape of RFC 8259, section 7. simdjson has checked the rest.
    bool check_escapes(std::string_view token) {
        Half before = Half::none;
        std::size_t behind = 0;  // the end of the escape before
        for (auto at = token.find('\\'); at != std::string_view::npos; at = token.find('\\', behind)) {
            const std::string_view escape = token.substr(at + 1);
            Half half = Half::none;
            if (escape.starts_with('u')) {
                const auto unit = hex4(escape.substr(1));
                if (!unit) return false;
                half = half_of(*unit);
            } else if (escape.empty() || std::string_view("\"\\/bfnrt").find(escape[0]) == std::string_view::npos) {
                return false;
            }
            const bool is_pair = before == Half::first && half == Half::second && at == behind;
            if (!is_pair && (before == Half::first || half == Half::second)) note_lone_surrogate();
            before = is_pair ? Half::none : half;
            behind = at + (escape.starts_with('u') ? 6 : 2);
        }
        if (before == Half::first) note_lone_surrogate();
        return true;
    }

    void note_lone_surrogate() noexcept {
        if (oddities_) oddities_->lone_surrogate = true;
    }

    Oddities* oddities_;
    std::vector<std::string_view> names_;  // of the objects that are being walked
};

}  // namespace

simdjson::simdjson_result<std::string_view> checked_text(ondemand::document& document, ondemand::value value) {
    ondemand::json_type type;
    if (auto error = value.type().get(type)) return error;
    const std::string_view token = value.raw_json_token();
    if (auto error = Checker(nullptr).check(value, 0)) return error;
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

bool LoneValue::assign(std::string_view text, Oddities* oddities) {
    text = without_byte_order_mark(text);
    // As the only element of an array, any JSON value is checked in the same way, even a lone number.
    ondemand::array elements;
    if (parser_.iterate(padded_.assign({"[", text, "]"})).get(document_)) return false;
    if (document_.get_array().get(elements)) return false;
    Checker checker(oddities);
    std::size_t count = 0;
    for (auto element : elements) {
        ondemand::value value;
        if (std::move(element).get(value) || checker.check(value, 0)) return false;
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
    if (is_plain_value(text)) {
        oddities_ = {};
        return text;
    }
    Oddities oddities;
    if (!value_.assign(text, &oddities)) return std::nullopt;
    oddities_ = oddities;
    text = without_byte_order_mark(text);
    if (text.find_first_of("\r\n") == std::string_view::npos) return text;
    compact_.resize(text.size());
    std::size_t size = 0;
    if (simdjson::minify(text.data(), text.size(), compact_.data(), size)) return std::nullopt;
    return std::string_view(compact_.data(), size);
}

}  // namespace plait::json
