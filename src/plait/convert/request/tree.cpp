#include "plait/convert/request/tree.hpp"

#include "plait/base/error.hpp"
#include "plait/convert/request/internal/json_tree.hpp"
#include "plait/convert/request/internal/text_bits.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace plait::convert {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr int deepest = 500;

unsigned unit_at(std::string_view text, std::size_t at) {
    unsigned unit = 0x110000;
    if (text.size() >= at + 6 && text.substr(at, 2) == "\\u") {
        const char* digits = text.data() + at + 2;
        if (std::from_chars(digits, digits + 4, unit, 16).ptr != digits + 4) unit = 0x110000;
    }
    return unit;
}

/// Undoes the escapes of a JSON string. simdjson 3.0 refuses half a surrogate pair, which mitmproxy writes for bytes
/// that are not UTF-8.
std::string unescaped(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            plain += text[i];
            continue;
        }
        if (const unsigned unit = unit_at(text, i); unit < 0x10000) {
            const unsigned next = unit_at(text, i + 6);
            const bool is_pair = unit >= 0xd800 && unit < 0xdc00 && next >= 0xdc00 && next < 0xe000;
            internal::append_utf8(plain, is_pair ? 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00) : unit);
            i += is_pair ? 11 : 5;
            continue;
        }
        constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
        const auto letter = i + 1 < text.size() ? letters.find(text[i + 1]) : std::string_view::npos;
        if (letter == std::string_view::npos) throw simdjson::simdjson_error(simdjson::STRING_ERROR);
        plain += meanings[letter];
        ++i;
    }
    return plain;
}

std::string_view token_of(ondemand::value value) {
    std::string_view token = value.raw_json_token();
    while (!token.empty() && std::string_view(" \t\r\n").find(token.back()) != std::string_view::npos)
        token.remove_suffix(1);
    return token;
}

Tree scalar(ondemand::value value, ondemand::json_type type) {
    const std::string_view token = token_of(value);
    switch (type) {
        case ondemand::json_type::string:
            if (token.size() < 2 || token.back() != '"') throw simdjson::simdjson_error(simdjson::STRING_ERROR);
            return Tree(Tree::Kind::text, unescaped(token.substr(1, token.size() - 2)));
        case ondemand::json_type::number:
            return Tree(Tree::Kind::number, std::string(token));
        case ondemand::json_type::boolean:
            if (token != "true" && token != "false") throw simdjson::simdjson_error(simdjson::T_ATOM_ERROR);
            return Tree(Tree::Kind::truth, std::string(token));
        default:
            if (token != "null") throw simdjson::simdjson_error(simdjson::N_ATOM_ERROR);
            return Tree(Tree::Kind::null);
    }
}

}  // namespace

Tree internal::to_tree(ondemand::value value, int depth) {
    if (depth > deepest) throw simdjson::simdjson_error(simdjson::DEPTH_ERROR);
    const ondemand::json_type type = value.type();
    if (type == ondemand::json_type::array) {
        Tree list(Tree::Kind::list);
        for (ondemand::value element : value.get_array()) list.add(to_tree(element, depth + 1));
        return list;
    }
    if (type != ondemand::json_type::object) return scalar(value, type);
    Tree object(Tree::Kind::object);
    for (ondemand::field field : value.get_object()) {
        const std::string name(std::string_view(field.unescaped_key()));
        object.add(name, to_tree(field.value(), depth + 1));
    }
    return object;
}

const Tree& Tree::operator[](std::string_view name) const noexcept {
    static const Tree none;
    const auto found = std::find(names_.rbegin(), names_.rend(), name);
    if (found == names_.rend()) return none;
    return items_[static_cast<std::size_t>(names_.rend() - found) - 1];
}

Tree read_json(std::string_view text) {
    try {
        json::PaddedText padded;
        ondemand::parser parser;
        // As the only element of an array, even a lone scalar is a value.
        ondemand::document document = parser.iterate(padded.assign({"[", json::without_byte_order_mark(text), "]"}));
        Tree list = internal::to_tree(document.get_value());
        if (list.items().size() != 1 || document.current_location().error() == simdjson::SUCCESS)
            throw_bad_input("not one JSON document");
        return list.items().front();
    } catch (const simdjson::simdjson_error& error) {
        throw_bad_input(fmt::format("not JSON: {}", error.what()));
    }
}

}  // namespace plait::convert
