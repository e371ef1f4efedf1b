#include "plait/batch/resume/row_settings.hpp"

#include "plait/batch/resume/journal.hpp"
#include "plait/batch/resume/run_files.hpp"
#include "plait/http/message/headers.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

namespace {

constexpr std::string_view body_name = "--body TEMPLATE", form_name = "--form #", header_name = "--header #";

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// A name may occur again, so each pair has its number: `--form #2 name`.
void add_pairs(std::string_view flag, const Pairs& pairs, Settings& settings) {
    for (std::size_t i = 0; i < pairs.size(); ++i)
        settings.emplace_back(fmt::format("{}{} {}", flag, i + 1, pairs[i].first), pairs[i].second);
}

std::string without_number(std::string_view name) {
    return std::string(name.substr(std::min(name.find(' '), name.size() - 1) + 1));
}

std::vector<std::string> names_of(std::string_view list) {
    std::vector<std::string> names;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        names.emplace_back(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return names;
}

/// Whether a list of headers, such as `Authorization, Content-Type`, has the type.
bool has_type(std::string_view list) {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(", "), list.size());
        if (http::equal_ignoring_case(list.substr(0, end), "content-type")) return true;
        list.remove_prefix(std::min(end + 2, list.size()));
    }
    return false;
}

}  // namespace

void add_row_settings(const RowOptions& rows, Settings& settings) {
    settings.emplace_back("--url", rows.url);
    if (!rows.method.empty()) settings.emplace_back("--request", rows.method);
    if (rows.body) settings.emplace_back(body_name, *rows.body);
    add_pairs(form_name, rows.form, settings);
    add_pairs(header_name, rows.headers, settings);
    if (!rows.id_from.empty()) settings.emplace_back("--id-from", rows.id_from);
    if (rows.keep) {
        std::string names;
        for (const std::string& name : *rows.keep) names += (names.empty() ? "" : ",") + name;
        settings.emplace_back("--keep", std::move(names));
    }
    for (const auto& [name, format] : row_format_names) {
        if (rows.format == format) settings.emplace_back("--rows", name);
    }
    if (!rows.table.empty()) settings.emplace_back("--table", rows.table);
    if (rows.empty_is_text) settings.emplace_back("--empty-is-text", "on");
}

RequestDefaults row_defaults(const Settings& settings) {
    RequestDefaults defaults;
    defaults.put_secrets = SecretExpander::Put::names;
    RowOptions& rows = defaults.rows;
    for (const auto& [name, value] : settings) {
        if (name == "--base-url") defaults.base_url = value;
        if (name == "--url") rows.url = value;
        if (name == "--request") rows.method = value;
        if (name == body_name) rows.body = value;
        if (name == "--header" && has_type(value)) rows.fixed_headers.emplace_back("Content-Type", "");
        if (name == "--id-from") rows.id_from = value;
        if (name == "--keep") rows.keep = names_of(value);
        if (name == "--table") rows.table = value;
        if (name == "--empty-is-text") rows.empty_is_text = true;
        if (name.starts_with(form_name)) rows.form.emplace_back(without_number(name.substr(form_name.size())), value);
        if (name.starts_with(header_name))
            rows.headers.emplace_back(without_number(name.substr(header_name.size())), value);
        for (const auto& [known, format] : row_format_names) {
            if (name == "--rows" && value == known) rows.format = format;
        }
    }
    return defaults;
}

RequestDefaults recorded_row_defaults(const std::string& results_path) {
    const std::string state = state_path(results_path);
    if (::access(state.c_str(), F_OK) != 0) return {};
    return row_defaults(read_journal(state).settings);
}

}  // namespace plait::batch
