#include "plait/batch/table/selection.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace plait::batch {

namespace {

constexpr std::array<std::pair<std::string_view, ColumnType>, 3> types{
    {{":text", ColumnType::text}, {":number", ColumnType::number}, {":bool", ColumnType::truth}}};

[[noreturn]] void refuse_selection(std::string_view text, std::string_view reason) {
    throw_bad_input(
        fmt::format("{} ('{}'); write NAME=/pointer, or NAME=/pointer:number, :bool or :text", reason, text));
}

/// Refuses a pointer that ends with a word that looks like a type, such as `:int`.
void refuse_other_type(std::string_view text, std::string_view pointer) {
    const auto colon = pointer.rfind(':');
    if (colon == std::string_view::npos) return;
    const std::string_view word = pointer.substr(colon + 1);
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    if (std::find_if(word.begin(), word.end(), is_letter) == word.end()) return;
    if (word.find_first_of("/~ ") != std::string_view::npos) return;
    refuse_selection(text, fmt::format("'{}' is not a type; if the name ends so, add :text", word));
}

/// Whether each `~` is one of the two escapes of RFC 6901, section 3.
bool has_good_escapes(std::string_view pointer) {
    for (auto at = pointer.find('~'); at != std::string_view::npos; at = pointer.find('~', at + 1)) {
        const std::string_view next = pointer.substr(at + 1, 1);
        if (next != "0" && next != "1") return false;
    }
    return true;
}

}  // namespace

Selection parse_selection(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) refuse_selection(text, "there is no '='");
    const std::string_view name = text.substr(0, equals);
    if (name.empty()) refuse_selection(text, "the name is empty");
    std::string_view pointer = text.substr(equals + 1);
    ColumnType type = ColumnType::text;
    bool has_type = false;
    for (const auto& [suffix, suffix_type] : types) {
        if (!pointer.ends_with(suffix)) continue;
        pointer.remove_suffix(suffix.size());
        type = suffix_type;
        has_type = true;
        break;
    }
    if (!has_type) refuse_other_type(text, pointer);
    if (!pointer.empty() && !pointer.starts_with('/')) {
        refuse_selection(text, "a JSON Pointer begins with '/', or is empty for the whole body");
    }
    if (!has_good_escapes(pointer))
        refuse_selection(text, "'~' in a JSON Pointer is written '~0', and '/' in a name '~1'");
    return Selection(std::string(name), std::string(pointer), type);
}

}  // namespace plait::batch
