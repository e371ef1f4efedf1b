#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// The format of a file of rows.
enum class RowFormat : std::uint8_t { automatic, csv, tsv, jsonl, sqlite };

/// The names of the formats that can be chosen, as flags and the files of a run write them.
inline constexpr std::array<std::pair<std::string_view, RowFormat>, 4> row_format_names{
    {{"csv", RowFormat::csv}, {"tsv", RowFormat::tsv}, {"jsonl", RowFormat::jsonl}, {"sqlite", RowFormat::sqlite}}};

/// How rows become requests: templates for the parts of a request, in which `{{row.COLUMN}}` stands for a value.
///
///     RowOptions rows;
///     rows.url = "https://api.example/v1/items/{{row.id}}?q={{row.name}}";
///     rows.body = R"({"name": {{row.name}}, "n": {{row.n:number}}})";
///     rows.id_from = "id";
class RowOptions {
  public:
    RowOptions() {}

    /// The input has rows if this is set; otherwise it has requests.
    std::string url;
    std::string method;               ///< empty: POST with a body, else GET
    std::optional<std::string> body;  ///< JSON
    /// The pairs of a form, sent as application/x-www-form-urlencoded. Excludes `body`.
    std::vector<std::pair<std::string, std::string>> form;
    std::vector<std::pair<std::string, std::string>> headers;
    /// Headers of all requests, with the names of secrets: only for files of requests.
    std::vector<std::pair<std::string, std::string>> fixed_headers;
    /// The column with the ids of the calls; empty: they are named `line-<n>`.
    std::string id_from;
    /// The columns that results have as metadata. Nothing: the column of the ids.
    std::optional<std::vector<std::string>> keep;
    RowFormat format = RowFormat::automatic;
    std::string table;           ///< of SQLite; empty: its only one
    bool empty_is_text = false;  ///< an empty cell of CSV is an empty text, and not missing

    bool are_given() const noexcept { return !url.empty(); }
};

}  // namespace plait::batch
