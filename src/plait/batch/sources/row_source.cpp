#include "plait/batch/sources/row_source.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/form_text.hpp"
#include "plait/batch/call/idempotency_key.hpp"
#include "plait/batch/requests/url_paths.hpp"

#include <fmt/format.h>

#include <utility>

namespace plait::batch {

namespace {

constexpr std::string_view key_header = "Idempotency-Key";

/// A template whose URL is only a path gets the base URL before it.
RowOptions with_base_url(RowOptions rows, const std::string& base_url) {
    const bool is_path = rows.url.find("://") == std::string::npos && !rows.url.starts_with("{{");
    if (is_path && !base_url.empty()) rows.url = join_urls(base_url, rows.url).text;
    return rows;
}

}  // namespace

RequestTemplate make_request_template(const RequestDefaults& defaults) {
    const SecretText secret_text = [&defaults](std::string_view name) {
        if (defaults.put_secrets == SecretExpander::Put::names) return fmt::format("{{{{{}}}}}", name);
        std::string value = secret_value(name);
        if (defaults.secrets) defaults.secrets->add(name, value);
        return value;
    };
    return RequestTemplate(with_base_url(defaults.rows, defaults.base_url), secret_text);
}

RowSource::RowSource(const OpenRows& open, RequestDefaults defaults, std::optional<std::string> path)
    : defaults_(std::move(defaults)),
      template_(make_request_template(defaults_)),
      rows_(open(template_.columns())),
      path_(std::move(path)) {
    rows_->check_columns();
}

Task<std::optional<SourceItem>> RowSource::next() {
    for (;;) {
        const std::optional<Row> row = co_await rows_->next();
        if (!row) co_return std::nullopt;
        if (!skipped_ || !skipped_->contains(row->line)) co_return make_item(*row);
    }
}

SourceItem RowSource::make_item(const Row& row) {
    if (!row.problem.empty()) return BadLine(automatic_id(row.line), row.line, std::string(row.problem));
    std::string id, metadata;
    try {
        metadata = template_.metadata_of(row.cells);
        id = template_.id_of(row.cells);
        return make_call(row, id.empty() ? automatic_id(row.line) : id, metadata);
    } catch (const Error& error) {
        return BadLine(id.empty() ? automatic_id(row.line) : std::move(id), row.line,
                       fmt::format("line {}: {}", row.line, error.what()), std::move(metadata));
    }
}

Call RowSource::make_call(const Row& row, std::string id, std::string metadata) {
    template_.fill(row.cells, request_);
    http::Url url = template_.url().is_whole() ? whole_url(request_.url, row.line, defaults_) : http::Url(request_.url);
    for (const auto& [name, value] : template_.url().secret_pairs()) url.add_query(name, value);
    http::Request request(template_.method(), std::move(url));
    request.headers = defaults_.headers;
    for (const auto& [name, value] : request_.headers) {
        if (defaults_.headers.contains(name)) request.headers.remove(name);
    }
    for (const auto& [name, value] : request_.headers) request.headers.add(name, value);
    if (defaults_.automatic_keys && !http::is_repeatable(request))
        request.headers.set(key_header, automatic_key(defaults_.key_seed, id));
    const bool has_type = request.headers.contains("content-type");
    if (template_.has_json()) {
        if (!has_type) request.headers.add("Content-Type", "application/json");
        request.body = request_.body;
    } else if (template_.has_form()) {
        if (!has_type) request.headers.add("Content-Type", "application/x-www-form-urlencoded");
        for (const auto& [name, value] : request_.form) append_form_pair(request.body, name, value);
    }
    Call call(std::move(id), row.line, std::move(request), std::move(metadata));
    call.rules.safe_to_repeat = call.rules.safe_to_repeat || defaults_.safe_to_repeat;
    return call;
}

}  // namespace plait::batch
