#include "plait/batch/follow/answer_value.hpp"

#include "plait/json/canonical.hpp"
#include "plait/json/fields.hpp"
#include "plait/json/text.hpp"
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
        std::string_view key;  // one with half of a surrogate pair equals no name
        if (!field.unescaped_key().get(key) && key == name) return field.value();
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

/// The value that a JSON Pointer leads to.
std::optional<ondemand::value> find(ondemand::value value, std::string_view pointer) {
    while (!pointer.empty()) {
        pointer.remove_prefix(1);  // the slash
        const std::string_view token = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(token.size());
        const std::optional<ondemand::value> inner = inside_of(value, token);
        if (!inner) return std::nullopt;
        value = *inner;
    }
    return value;
}

/// The JSON of a value, where it stands. Reads the value to its end.
std::string_view json_of(ondemand::value value) {
    const ondemand::json_type type = json::type_of(value);
    const std::string_view text = type == ondemand::json_type::object  ? value.get_object().value().raw_json().value()
                                  : type == ondemand::json_type::array ? value.get_array().value().raw_json().value()
                                                                       : value.raw_json_token();
    return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

AnswerValue decoded(ondemand::value value) {
    std::string_view text;
    switch (json::type_of(value)) {
        case ondemand::json_type::string:
            if (value.get_string().get(text)) return AnswerValue(Kind::not_unicode);
            return AnswerValue(Kind::text, std::string(text));
        case ondemand::json_type::number:
            return AnswerValue(Kind::number, std::string(json_of(value)));
        case ondemand::json_type::boolean:
            return AnswerValue(Kind::boolean, std::string(json_of(value)));
        case ondemand::json_type::null:
            return AnswerValue(Kind::null);
        case ondemand::json_type::object: {
            ondemand::object object = value.get_object();
            return AnswerValue(object.is_empty() ? Kind::empty : Kind::object_or_list);
        }
        default: {
            ondemand::array array = value.get_array();
            return AnswerValue(array.is_empty() ? Kind::empty : Kind::object_or_list);
        }
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
    const std::optional<ondemand::value> value = find(document.read(), pointer);
    return value ? decoded(*value) : AnswerValue(Kind::missing);
}

std::string json_at(std::string_view pointer, std::string_view body) {
    json::LoneValue document;
    if (!document.assign(body)) return {};
    const std::optional<ondemand::value> value = find(document.read(), pointer);
    return value ? std::string(json_of(*value)) : std::string();
}

std::optional<std::string> with_value_at(std::string_view pointer, std::string_view body, std::string_view json) {
    if (!json::LoneValue().assign(body)) return std::nullopt;
    const std::size_t last = pointer.rfind('/');
    const std::string_view token = pointer.substr(last + 1);
    ondemand::parser parser;
    json::PaddedText text;
    const simdjson::padded_string_view padded = text.assign({body});
    ondemand::document document;
    ondemand::value whole;
    // A lone number or text has no place for a value.
    if (parser.iterate(padded).get(document) || document.get_value().get(whole)) return std::nullopt;
    std::optional<ondemand::value> parent = find(whole, pointer.substr(0, last));
    if (!parent) return std::nullopt;
    const auto place_of = [&padded](std::string_view there) {
        return static_cast<std::size_t>(there.data() - padded.data());
    };
    std::size_t at = place_of(parent->raw_json_token()) + 1;  // behind the brace
    const bool is_object = json::type_of(*parent) == ondemand::json_type::object;
    std::string changed;
    if (std::optional<ondemand::value> old = inside_of(*parent, token)) {
        const std::string_view before = json_of(*old);
        at = place_of(before);
        changed.append(body.substr(0, at)).append(json).append(body.substr(at + before.size()));
        return changed;
    }
    if (!is_object) return std::nullopt;
    changed = body.substr(0, at);
    json::append_string(changed, unescaped(token));
    changed.append(":").append(json);
    at = body.find_first_not_of(" \t\r\n", at);
    if (body[at] != '}') changed += ',';
    return changed.append(body.substr(at));
}

}  // namespace plait::batch
