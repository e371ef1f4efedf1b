#include "plait/batch/follow/answer_value.hpp"

#include "plait/json/canonical.hpp"
#include "plait/json/fields.hpp"
#include "plait/json/value.hpp"

#include <simdjson.h>

#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>

namespace plait::batch {

namespace {

namespace ondemand = simdjson::ondemand;
using Kind = AnswerValue::Kind;

/// Decodes a token of a JSON Pointer (RFC 6901, section 4).
std::string unescaped(std::string_view token) {
    std::string name;
    for (std::size_t i = 0; i < token.size(); ++i) {
        const bool is_escape = token[i] == '~' && i + 1 < token.size();
        name += !is_escape ? token[i] : token[++i] == '0' ? '~' : '/';
    }
    return name;
}

std::optional<ondemand::value> member_of(ondemand::object object, std::string_view name) {
    for (ondemand::field field : object) {
        if (std::string_view(field.unescaped_key()) == name) return field.value();
    }
    return std::nullopt;
}

std::optional<ondemand::value> element_of(ondemand::array array, std::string_view token) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
    const bool is_index = error == std::errc() && end == token.data() + token.size();
    if (!is_index || (token.size() > 1 && token[0] == '0')) return std::nullopt;
    for (ondemand::value element : array) {
        if (index-- == 0) return element;
    }
    return std::nullopt;
}

std::optional<ondemand::value> inside_of(ondemand::value value, std::string_view token) {
    switch (json::type_of(value)) {
        case ondemand::json_type::object:
            return member_of(value.get_object(), unescaped(token));
        case ondemand::json_type::array:
            return element_of(value.get_array(), token);
        default:
            return std::nullopt;
    }
}

std::string token_of(ondemand::value value) {
    const std::string_view token = value.raw_json_token();
    return std::string(token.substr(0, token.find_last_not_of(" \t\r\n") + 1));
}

AnswerValue decoded(ondemand::value value) {
    std::string_view text;
    switch (json::type_of(value)) {
        case ondemand::json_type::string:
            if (value.get_string().get(text)) return AnswerValue(Kind::not_unicode);
            return AnswerValue(Kind::text, std::string(text));
        case ondemand::json_type::number:
            return AnswerValue(Kind::number, token_of(value));
        case ondemand::json_type::boolean:
            return AnswerValue(Kind::boolean, token_of(value));
        case ondemand::json_type::null:
            return AnswerValue(Kind::null);
        default:
            return AnswerValue(Kind::object_or_list);
    }
}

/// The one spelling of all numbers of this value; empty: it is no number.
std::string usual_number(std::string_view text) {
    json::LoneValue number;
    if (!number.assign(text) || json::type_of(number.read()) != ondemand::json_type::number) return {};
    return json::canonical(number.read());
}

}  // namespace

bool AnswerValue::is(std::string_view wanted) const {
    if (!has_text()) return false;
    return text == wanted || (kind == Kind::number && usual_number(text) == usual_number(wanted));
}

AnswerValue value_at(std::string_view pointer, std::string_view body) {
    thread_local json::LoneValue document;  // it keeps its buffers
    if (!document.assign(body)) return AnswerValue(Kind::not_json);
    ondemand::value value = document.read();
    while (!pointer.empty()) {
        pointer.remove_prefix(1);  // the slash
        const std::string_view token = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(token.size());
        const std::optional<ondemand::value> inner = inside_of(value, token);
        if (!inner) return AnswerValue(Kind::missing);
        value = *inner;
    }
    return decoded(value);
}

}  // namespace plait::batch
