#include "plait/batch/templates/places.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/json_string.hpp"
#include "plait/base/text/words.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace plait::batch {

namespace {

constexpr std::string_view hex = "0123456789ABCDEF";

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr std::array<bool, 256> make_unreserved() noexcept {
    std::array<bool, 256> set{};
    for (int c = 0; c < 256; ++c) {
        set[static_cast<std::size_t>(c)] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                           c == '-' || c == '.' || c == '_' || c == '~';
    }
    return set;
}
constexpr std::array<bool, 256> unreserved = make_unreserved();

constexpr bool needs_escape(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

std::size_t skip_digits(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && is_digit(text[at])) ++at;
    return at;
}

/// Compares with letters of ASCII in lower case.
bool is_word(std::string_view text, std::string_view word) noexcept {
    if (text.size() != word.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((text[i] | 0x20) != word[i]) return false;
    }
    return true;
}

/// Returns `true` or `false` for the words that databases and spreadsheets write; empty for any other.
std::string_view truth(std::string_view text) noexcept {
    if (text == "1" || is_word(text, "t") || is_word(text, "true")) return "true";
    if (text == "0" || is_word(text, "f") || is_word(text, "false")) return "false";
    return {};
}

/// Why a text is not a JSON number.
std::string_view number_problem(std::string_view text) noexcept {
    if (text.starts_with('-')) text.remove_prefix(1);
    const bool has_zeros = text.size() > 1 && text[0] == '0' && is_digit(text[1]);
    return has_zeros ? "is not a JSON number (no leading zeros): leave out :number to send it as text"
                     : "is not a JSON number: leave out :number to send it as text";
}

}  // namespace

void append_for_url(std::string& out, std::string_view text) {
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (unreserved[byte]) continue;
        out.append(text, done, i - done);
        const std::array<char, 3> encoded{'%', hex[byte >> 4], hex[byte & 15]};
        out.append(encoded.data(), encoded.size());
        done = i + 1;
    }
    out.append(text, done);
}

void append_for_json(std::string& out, std::string_view text) {
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!needs_escape(text[i])) continue;
        out.append(text, done, i - done);
        append_json_escape(out, text[i]);
        done = i + 1;
    }
    out.append(text, done);
}

bool changes_path(std::string_view segment) noexcept {
    std::size_t dots = 0;
    while (!segment.empty()) {
        const bool is_encoded = segment.starts_with("%2e") || segment.starts_with("%2E");
        if (!is_encoded && segment.front() != '.') return false;
        segment.remove_prefix(is_encoded ? 3 : 1);
        ++dots;
    }
    return dots <= 2;
}

bool is_json_number(std::string_view text) noexcept {
    std::size_t at = text.starts_with('-') ? 1 : 0;
    const std::size_t whole = at;
    at = skip_digits(text, at);
    if (at == whole || (text[whole] == '0' && at > whole + 1)) return false;
    if (at < text.size() && text[at] == '.') {
        const std::size_t begin = at + 1;
        at = skip_digits(text, begin);
        if (at == begin) return false;
    }
    if (at < text.size() && (text[at] | 0x20) == 'e') {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        const std::size_t begin = at;
        at = skip_digits(text, begin);
        if (at == begin) return false;
    }
    return at == text.size();
}

RowCell RowValues::get(const ColumnUse& use) const {
    const RowCell& cell = cells_[use.column];
    if (cell.kind == RowCell::Kind::missing) {
        if (use.if_missing == IfMissing::refuse)
            refuse(use, cell.text.empty() ? "has no value" : fmt::format("has no value ({})", cell.text));
        return RowCell();
    }
    switch (use.type) {
        case ValueType::as_is:
            return cell;
        case ValueType::number:
            if (!is_json_number(cell.text)) refuse(use, number_problem(cell.text));
            return RowCell(RowCell::Kind::number, cell.text);
        case ValueType::boolean:
            if (const std::string_view word = truth(cell.text); !word.empty())
                return RowCell(RowCell::Kind::boolean, word);
            refuse(use, "is none of true, false, t, f, 1, 0");
        case ValueType::json:
            if (!json::LoneValue().assign(cell.text)) refuse(use, "is not JSON");
            return RowCell(RowCell::Kind::json, cell.text);
    }
    return cell;
}

std::string_view RowValues::text(const ColumnUse& use) const {
    const RowCell cell = get(use);
    if (cell.kind == RowCell::Kind::json) refuse(use, "is a list or an object, which only a JSON body can take");
    return cell.text;
}

void RowValues::append_text(std::string& out, std::string_view text) const {
    const std::size_t start = out.size();
    append_for_json(out, text);
    if (braces_ == Braces::plain) return;
    for (std::size_t at = out.find('{', start); at != std::string::npos; at = out.find('{', at))
        out.replace(at, 1, "\\u007b");
}

/// Two braces side by side can stand only inside a string.
void RowValues::append_json(std::string& out, std::string_view json) const {
    const std::size_t start = out.size();
    out += json;
    if (braces_ == Braces::plain) return;
    for (std::size_t at = out.find("{{", start); at != std::string::npos; at = out.find("{{", at))
        out.replace(at + 1, 1, "\\u007b");
}

void RowValues::refuse(const ColumnUse& use, std::string_view why) const {
    const RowCell& cell = cells_[use.column];
    const bool has_text = cell.kind != RowCell::Kind::missing;
    throw_bad_input(fmt::format("column {}{} {}", columns_[use.column].name,
                                has_text ? fmt::format(": '{}'", printable(cell.text)) : "", why));
}

}  // namespace plait::batch
