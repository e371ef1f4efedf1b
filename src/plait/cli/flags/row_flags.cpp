#include "plait/cli/flags/row_flags.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/cli/flags/values.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace plait::cli {

namespace {

constexpr std::size_t largest_template = 32 * 1024 * 1024;

batch::RowFormat parse_format(const std::string& value) {
    std::string names;
    for (const auto& [name, format] : batch::row_format_names) {
        if (name == value) return format;
        names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    }
    throw_bad_input(fmt::format("'{}' is not one of {}", value, names));
}

std::string not_empty(const std::string& value, std::string_view what) {
    if (value.empty()) throw_bad_input(fmt::format("{} is missing", what));
    return value;
}

std::pair<std::string, std::string> parse_pair(const std::string& value) {
    const std::size_t equals = value.find('=');
    if (equals == std::string::npos || equals == 0)
        throw_bad_input(fmt::format("'{}' is not NAME=TEMPLATE, such as name={{{{row.name}}}}", value));
    return {value.substr(0, equals), value.substr(equals + 1)};
}

}  // namespace

std::vector<Flag> row_flags(batch::RowOptions& rows, const OtherBody& other_body) {
    return under(
        headings::rows,
        {
            {"--url", "TEMPLATE",
             "Make a request of each row of a table: REQUESTS is a file of CSV, TSV, JSON Lines or SQLite. "
             "{{row.COLUMN}} in the template becomes the value of a column, encoded as its place demands "
             "(docs/formats.md).",
             [&rows](const std::string& value) { rows.url = not_empty(value, "the template"); }},
            {"-X,--request", "METHOD",
             "Send requests of rows with this HTTP method. Default: POST with a body, else GET.",
             [&rows](const std::string& value) { rows.method = not_empty(value, "the HTTP method"); }},
            {"--body", "TEMPLATE",
             "Send this JSON with each request of a row, such as '{\"name\": {{row.name}}, \"n\": {{row.n:number}}}'; "
             "@FILE reads the template from a file.",
             [&rows, other_body](const std::string& value) {
                 if (other_body && other_body(value)) return;
                 rows.body = value.starts_with('@') ? read_file(value.substr(1), largest_template) : value;
             }},
            Flag("--form", "NAME=TEMPLATE", "Send this pair of a form (application/x-www-form-urlencoded) as the body.",
                 [&rows](const std::string& value) { rows.form.push_back(parse_pair(value)); })
                .repeatable(),
            {"--id-from", "COLUMN", "Take the custom_id of each call from this column. Default: line-N.",
             [&rows](const std::string& value) { rows.id_from = not_empty(value, "the column"); }},
            {"--keep", "COLUMNS",
             "Copy these columns into the metadata of results, as text, such as id,name. Default: that of --id-from.",
             [&rows](const std::string& value) { rows.keep = parse_list(value); }},
            Flag("--rows", "FORMAT", "Read rows in this format. Default: recognise it by the content.",
                 [&rows](const std::string& value) { rows.format = parse_format(value); })
                .with_choices({{"csv", "comma, semicolon or TAB between cells, whichever the header has most"},
                               {"tsv", "TAB between cells"},
                               {"jsonl", "a JSON object per line"},
                               {"sqlite", "a table of an SQLite database"}}),
            {"--table", "NAME", "Read this table or view of an SQLite database. FILE#NAME does the same.",
             [&rows](const std::string& value) { rows.table = not_empty(value, "the table"); }},
            {"--empty-is-text", "",
             "Treat empty cells of CSV without quotes as empty text. By default, they have no value.",
             [&rows](const std::string&) { rows.empty_is_text = true; }},
        });
}

void check_row_flags(const batch::RowOptions& rows) {
    if (rows.are_given()) return;
    const std::array<std::pair<bool, std::string_view>, 9> given{
        {{!rows.method.empty(), "--request"},
         {rows.body.has_value(), "--body"},
         {!rows.form.empty(), "--form"},
         {!rows.headers.empty(), "{{row.COLUMN}} in --header"},
         {!rows.id_from.empty(), "--id-from"},
         {rows.keep.has_value(), "--keep"},
         {rows.format != batch::RowFormat::automatic, "--rows"},
         {!rows.table.empty(), "--table"},
         {rows.empty_is_text, "--empty-is-text"}}};
    for (const auto& [is_given, flag] : given) {
        if (is_given)
            throw_bad_input(
                fmt::format("{} is about rows: --url TEMPLATE makes requests of them, such as "
                            "--url 'https://api.example/items/{{{{row.id}}}}'",
                            flag));
    }
}

}  // namespace plait::cli
