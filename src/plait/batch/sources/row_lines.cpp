#include "plait/batch/sources/row_lines.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/base/text/form_text.hpp"
#include "plait/batch/rows/row_reader.hpp"
#include "plait/batch/sources/open_source.hpp"
#include "plait/batch/sources/row_source.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace plait::batch {

namespace {

constexpr std::size_t full_batch = 64 * 1024;
constexpr std::size_t most_refusals = 20;
constexpr std::string_view form_type = "application/x-www-form-urlencoded";

RequestDefaults with_names(RequestDefaults defaults) {
    defaults.put_secrets = SecretExpander::Put::names;
    return defaults;
}

/// The number of places that look like the name of a secret.
std::size_t names_in(std::string_view text) {
    std::size_t count = 0;
    for (const std::string_view name : {"{{env.", "{{file."}) {
        for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) ++count;
    }
    return count;
}

/// In a request line, `"body"` is not JSON then: a string is the text that is sent, and null is nothing.
bool stands_for_text(std::string_view json) {
    json.remove_prefix(std::min(json.find_first_not_of(" \t"), json.size()));
    return json.starts_with('"') || json.starts_with('n');
}

/// Whether pairs of one name are apart, so that the members of an object can't have their order.
bool is_shuffled(const RowLineWriter::Pairs& pairs) {
    for (std::size_t i = 1; i < pairs.size(); ++i) {
        const auto has_name = [&](const auto& other) { return other.first == pairs[i].first; };
        if (!has_name(pairs[i - 1]) && std::any_of(pairs.begin(), pairs.begin() + static_cast<long>(i), has_name))
            return true;
    }
    return false;
}

bool names_secrets(const RowLineWriter::Pairs& pairs) {
    return std::any_of(pairs.begin(), pairs.end(), [](const auto& pair) { return names_in(pair.second) > 0; });
}

std::string form_text(const RowLineWriter::Pairs& pairs) {
    std::string text;
    for (const auto& [name, value] : pairs) append_form_pair(text, name, value);
    return text;
}

void append_field(std::string& out, std::string_view name, std::string_view text) {
    out.append(out.ends_with('{') ? "\"" : ",\"").append(name).append("\":");
    json::append_string(out, text);
}

Task<void> write_all(RowReader& rows, RowLineWriter& writer, Sink& sink, const LineSet* lines, const LineChange& change,
                     RowsWritten& done) {
    std::string batch;
    while (const std::optional<Row> row = co_await rows.next()) {
        if (lines && !lines->contains(row->line)) continue;
        const std::size_t before = batch.size();
        try {
            writer.append(batch, *row);
            ++done.written;
            const auto other = change ? change(std::string_view(batch).substr(before), row->line) : std::nullopt;
            if (other) batch.replace(before, std::string::npos, *other + "\n");
        } catch (const Error& error) {
            batch.resize(before);
            ++done.refused;
            if (done.first_refusals.size() < most_refusals) done.first_refusals.emplace_back(error.what());
        }
        if (batch.size() < full_batch) continue;
        co_await sink.write(batch);
        batch.clear();
    }
    co_await sink.write(batch);
}

}  // namespace

RowLineWriter::RowLineWriter(RequestDefaults defaults)
    : defaults_(with_names(std::move(defaults))), template_(make_request_template(defaults_)) {
    const std::vector<RowCell> cells(template_.columns().size(), RowCell(RowCell::Kind::number, "1"));
    if (!template_.has_json()) return;
    template_.fill(cells, request_);
    names_in_body_ = names_in(request_.body);
}

void RowLineWriter::append(std::string& out, const Row& row) {
    if (!row.problem.empty()) throw_bad_input(std::string(row.problem));
    try {
        const std::string id = template_.id_of(row.cells);
        const std::string body = body_of(row);
        const http::Url url =
            template_.url().is_whole() ? whole_url(request_.url, row.line, defaults_) : http::Url(request_.url);
        out += '{';
        append_field(out, "custom_id", id.empty() ? automatic_id(row.line) : id);
        append_field(out, "method", template_.method());
        append_field(out, "url", url.text());
        Pairs pairs;
        for (const auto& [name, value] : template_.url().secret_pairs()) pairs.emplace_back(name, value);
        if (!pairs.empty()) append_pairs(out, "params", pairs);
        const bool is_text = template_.has_json() && stands_for_text(body);
        refuse_names(request_.form, defaults_.rows.form);
        const bool is_form_text = is_shuffled(request_.form) && !names_secrets(request_.form);
        const std::string_view type = is_text ? "application/json" : is_form_text ? form_type : "";
        if (const Pairs headers = headers_of_row(type); !headers.empty()) append_pairs(out, "headers", headers);
        if (is_text) {
            if (names_in_body_ > 0)
                throw_bad_input("a secret in a body that is one JSON string: only an object or a list can name it");
            append_field(out, "body", body);
        } else if (template_.has_json()) {
            out.append(",\"body\":").append(body);
        }
        if (is_form_text) {
            append_field(out, "body", form_text(request_.form));
        } else if (template_.has_form()) {
            append_pairs(out, "form", request_.form);
        }
        if (const std::string metadata = template_.metadata_of(row.cells); !metadata.empty())
            out.append(",\"metadata\":").append(metadata);
        out += "}\n";
    } catch (const Error& error) {
        throw_bad_input(fmt::format("line {}: {}", row.line, error.what()));
    }
}

/// The headers that a run would send: one of the row replaces those of all requests. `type`: that of a body which is
/// a text in the line; empty: the field of the body says it.
RowLineWriter::Pairs RowLineWriter::headers_of_row(std::string_view type) const {
    refuse_names(request_.headers, defaults_.rows.headers);
    http::Headers of_row;
    for (const auto& [name, value] : request_.headers) of_row.add(name, value);
    Pairs pairs = request_.headers;
    bool has_type = of_row.contains("content-type");
    for (const auto& [name, value] : defaults_.rows.fixed_headers) {
        const bool is_type = http::equal_ignoring_case(name, "content-type");
        has_type = has_type || is_type;
        // A type without a value is not recorded: whoever sends the line gives it again.
        if (!of_row.contains(name) && !(is_type && value.empty())) pairs.emplace_back(name, value);
    }
    if (!type.empty() && !has_type) pairs.emplace_back("Content-Type", type);
    return pairs;
}

/// The body on one line, so that no text of the row can be taken for the name of a secret.
std::string RowLineWriter::body_of(const Row& row) {
    template_.fill(row.cells, request_);
    if (names_in(request_.body) != names_in_body_) template_.fill(row.cells, request_, Braces::escaped);
    std::string body = request_.body;
    // Line breaks stand only between tokens: inside a string they are escaped.
    std::replace(body.begin(), body.end(), '\n', ' ');
    std::replace(body.begin(), body.end(), '\r', ' ');
    return body;
}

void RowLineWriter::refuse_names(const Pairs& pairs,
                                 const std::vector<std::pair<std::string, std::string>>& templates) const {
    for (const auto& [name, value] : pairs) {
        const std::size_t found = names_in(value);
        if (found == 0) continue;
        const auto known = std::find_if(templates.begin(), templates.end(),
                                        [&, &wanted = name](const auto& pair) { return pair.first == wanted; });
        if (known == templates.end() || found != names_in(known->second))
            throw_bad_input(fmt::format("{}: the text of a column would name a secret in a file of requests", name));
    }
}

/// Pairs of the same name become a list.
void RowLineWriter::append_pairs(std::string& out, std::string_view field, const Pairs& pairs) const {
    out.append(",\"").append(field).append("\":{");
    for (auto pair = pairs.begin(); pair != pairs.end(); ++pair) {
        const auto has_name = [&](const auto& other) { return other.first == pair->first; };
        if (std::any_of(pairs.begin(), pair, has_name)) continue;
        if (std::count_if(pair, pairs.end(), has_name) == 1) {
            append_field(out, pair->first, pair->second);
            continue;
        }
        json::append_string(out += out.ends_with('{') ? "" : ",", pair->first);
        out += ":[";
        for (auto same = pair; same != pairs.end(); ++same) {
            if (!has_name(*same)) continue;
            if (same != pair) out += ',';
            json::append_string(out, same->second);
        }
        out += ']';
    }
    out += '}';
}

RowsWritten write_rows_as_requests(const std::string& input, RequestDefaults defaults, Sink& sink, const LineSet* lines,
                                   const LineChange& change) {
    RowOptions options = defaults.rows;
    RowLineWriter writer(std::move(defaults));
    const std::unique_ptr<RowReader> rows = open_row_input(input, options, writer.columns());
    rows->check_columns();
    RowsWritten done;
    run(write_all(*rows, writer, sink, lines, change, done));
    return done;
}

}  // namespace plait::batch
