#include "plait/batch/templates/text_template.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <optional>
#include <utility>

namespace plait::batch {

namespace {

constexpr std::string_view opening = "{{", closing = "}}", row_kind = "row";

constexpr std::array<std::pair<std::string_view, ValueType>, 3> types{
    {{"number", ValueType::number}, {"bool", ValueType::boolean}, {"json", ValueType::json}}};

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

bool is_secret(std::string_view inside) { return inside.starts_with("env.") || inside.starts_with("file."); }

/// Returns the end of the JSON string at the start of `text`, after its closing quote; npos if there is none.
std::size_t string_end(std::string_view text) {
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '"') return at + 1;
        if (text[at] == '\\') ++at;
    }
    return std::string_view::npos;
}

std::string unquoted(std::string_view text) {
    json::LoneValue value;
    std::string_view name;
    if (!value.assign(text) || value.read().get_string().get(name))
        throw_bad_input(fmt::format("{} is not a JSON string", printable(text)));
    return std::string(name);
}

[[noreturn]] void refuse(std::string_view braces, std::string_view why) {
    throw_bad_input(fmt::format("{}: {}", printable(braces), why));
}

/// Reads what follows `row`: a name, and then a type and what to do if it is missing.
class ColumnReader {
  public:
    ColumnReader(std::string_view braces, std::string_view rest) : braces_(braces), rest_(rest) {}

    TemplatePart read(ColumnList& columns) {
        RowColumn column = read_name();
        if (column.name.empty()) refuse(braces_, "name a column, such as {{row.id}}");
        ColumnUse use;
        if (rest_.starts_with(':')) use.type = read_type();
        if (rest_ == "?") {
            use.if_missing = IfMissing::drop;
        } else if (rest_ == "|") {
            use.if_missing = IfMissing::empty;
        } else if (!rest_.empty()) {
            refuse(braces_, R"(after the column, only :number, :bool, :json, ? and | may stand (write a name that has )"
                            R"(such signs as {{row["a:b"]}}))");
        }
        use.column = columns.add(std::move(column));
        return TemplatePart(use);
    }

  private:
    RowColumn read_name() {
        if (rest_.starts_with("[")) {
            const std::size_t end = rest_.size() > 1 && rest_[1] == '"' ? string_end(rest_.substr(1)) : rest_.npos;
            if (end == rest_.npos || rest_.size() <= end + 1 || rest_[end + 1] != ']')
                refuse(braces_, R"(a name in brackets is a JSON string, such as {{row["a:b"]}})");
            std::string name = unquoted(rest_.substr(1, end));
            rest_.remove_prefix(end + 2);
            return RowColumn(std::move(name), false);
        }
        rest_.remove_prefix(1);  // the dot
        const std::size_t end = std::min(rest_.find_first_of(":?|"), rest_.size());
        const std::string_view name = rest_.substr(0, end);
        rest_.remove_prefix(end);
        return column_named(name);
    }

    ValueType read_type() {
        const std::size_t end = std::min(rest_.find_first_of("?|"), rest_.size());
        const std::string_view name = rest_.substr(1, end - 1);
        rest_.remove_prefix(end);
        for (const auto& [known, type] : types) {
            if (name == known) return type;
        }
        refuse(braces_, fmt::format("the type {} is not one of number, bool, json", printable(name)));
    }

    std::string_view braces_;
    std::string_view rest_;
};

/// Returns the end of the braces at the start of `text`. A name in brackets may contain any text, even `}}`.
std::size_t braces_end(std::string_view text) {
    std::size_t from = opening.size();
    if (const std::string_view inside = trimmed(text.substr(from)); inside.starts_with("row[\"")) {
        const auto quote = static_cast<std::size_t>(inside.data() - text.data()) + row_kind.size() + 1;
        const std::size_t end = string_end(text.substr(quote));
        if (end != std::string_view::npos) from = quote + end;
    }
    const std::size_t close = text.find(closing, from);
    if (close == std::string_view::npos) refuse(text, "the closing }} is missing");
    return close + closing.size();
}

}  // namespace

TemplatePart read_braces(std::string_view text, ColumnList& columns, std::size_t& length) {
    length = braces_end(text);
    const std::string_view braces = text.substr(0, length);
    const std::string_view inside = trimmed(braces.substr(2, length - 4));
    if (is_secret(inside)) return TemplatePart(TemplatePart::Kind::secret, std::string(inside));
    if (inside.starts_with("row.") || inside.starts_with("row["))
        return ColumnReader(braces, inside.substr(row_kind.size())).read(columns);
    refuse(braces,
           "only {{row.COLUMN}}, {{env.NAME}} and {{file.PATH}} may stand in braces (in a body, "
           "write \\u007b for a { that is text)");
}

std::vector<TemplatePart> parse_template(std::string_view text, ColumnList& columns) {
    std::vector<TemplatePart> parts;
    while (!text.empty()) {
        const std::size_t start = std::min(text.find(opening), text.size());
        if (start > 0) parts.emplace_back(TemplatePart::Kind::literal, std::string(text.substr(0, start)));
        text.remove_prefix(start);
        if (text.empty()) break;
        std::size_t length = 0;
        parts.push_back(read_braces(text, columns, length));
        text.remove_prefix(length);
    }
    return parts;
}

bool names_column(std::string_view text) noexcept {
    for (std::size_t at = 0; (at = text.find(opening, at)) != std::string_view::npos; ++at) {
        const std::string_view inside = trimmed(text.substr(at + opening.size()));
        if (inside.starts_with("row.") || inside.starts_with("row[")) return true;
    }
    return false;
}

}  // namespace plait::batch
