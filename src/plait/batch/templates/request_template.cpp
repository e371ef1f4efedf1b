#include "plait/batch/templates/request_template.hpp"

#include "plait/base/error.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/message/request.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace plait::batch {

namespace {

/// Runs `parse`, and names the flag in its errors.
template <class Parse>
auto of_flag(std::string_view flag, Parse parse) {
    try {
        return parse();
    } catch (const Error& error) {
        throw_bad_input(fmt::format("{}: {}", flag, error.what()));
    }
}

bool is_dropped(const std::vector<TemplatePart>& parts, const RowValues& values) {
    return std::any_of(parts.begin(), parts.end(), [&values](const TemplatePart& part) {
        return part.kind == TemplatePart::Kind::column && part.use.if_missing == IfMissing::drop &&
               values.is_missing(part.use);
    });
}

}  // namespace

RequestTemplate::RequestTemplate(const RowOptions& options, const SecretText& secret_text) {
    url_ = of_flag("--url", [&] { return UrlTemplate(options.url, columns_, secret_text); });
    headers_ = parse_pairs(options.headers, "--header", columns_, secret_text);
    for (const Pair& header : headers_) of_flag("--header", [&] { http::Headers().add(header.name, "1"); });
    if (options.body && !options.form.empty())
        throw_bad_input("--body and --form exclude each other: a request has one body");
    if (options.body) json_ = of_flag("--body", [&] { return JsonTemplate(*options.body, columns_, secret_text); });
    form_ = parse_pairs(options.form, "--form", columns_, secret_text);
    method_ = !options.method.empty() ? options.method : json_ || !form_.empty() ? "POST" : "GET";
    of_flag("--request", [&] { return http::Request(method_, http::Url("http://a/")); });
    read_ids(options);
    for_each_use([this](const ColumnUse& use, const auto&...) {
        if (use.if_missing == IfMissing::refuse) columns_.need(use.column);
    });
}

void RequestTemplate::read_ids(const RowOptions& options) {
    if (!options.id_from.empty()) columns_.need(id_.emplace(columns_.add(column_named(options.id_from))));
    if (options.keep) {
        for (const std::string& name : *options.keep) kept_.push_back(columns_.add(column_named(name)));
    } else if (id_) {
        kept_.push_back(*id_);
    }
}

std::vector<RequestTemplate::Pair> RequestTemplate::parse_pairs(
    const std::vector<std::pair<std::string, std::string>>& pairs, std::string_view flag, ColumnList& columns,
    const SecretText& secret_text) {
    std::vector<Pair> parsed;
    for (const auto& [name, text] : pairs) {
        Pair& pair = parsed.emplace_back();
        pair.name = name;
        of_flag(flag, [&, &value = text] {
            pair.parts = parse_template(value, columns);
            for (TemplatePart& part : pair.parts) {
                if (part.kind == TemplatePart::Kind::secret)
                    part = TemplatePart(TemplatePart::Kind::literal, secret_text(part.text));
                if (part.kind == TemplatePart::Kind::column && part.use.type == ValueType::json)
                    throw_bad_input(":json may stand only in a JSON body");
            }
        });
    }
    return parsed;
}

void RequestTemplate::fill(std::span<const RowCell> cells, RowRequest& request, Braces braces) const {
    const RowValues values(cells, columns_, braces);
    url_->write(values, request.url);
    fill(headers_, values, request.headers);
    request.body.clear();
    if (json_) json_->write(values, request.body);
    fill(form_, values, request.form);
}

void RequestTemplate::fill(const std::vector<Pair>& pairs, const RowValues& values,
                           std::vector<std::pair<std::string_view, std::string>>& filled) {
    filled.resize(pairs.size());
    std::size_t count = 0;
    for (const Pair& pair : pairs) {
        if (is_dropped(pair.parts, values)) continue;
        auto& [name, text] = filled[count++];
        name = pair.name;
        text.clear();
        for (const TemplatePart& part : pair.parts)
            text += part.kind == TemplatePart::Kind::literal ? std::string_view(part.text) : values.text(part.use);
    }
    filled.resize(count);
}

std::string RequestTemplate::id_of(std::span<const RowCell> cells) const {
    if (!id_) return {};
    const RowValues values(cells, columns_);
    const ColumnUse use(*id_);
    const std::string_view text = values.text(use);
    if (text.empty()) values.refuse(use, "is no id");
    return std::string(text);
}

std::string RequestTemplate::metadata_of(std::span<const RowCell> cells) const {
    if (kept_.empty()) return {};
    std::string metadata;
    for (const std::size_t column : kept_) {
        if (cells[column].kind == RowCell::Kind::missing) continue;
        metadata += metadata.empty() ? '{' : ',';
        json::append_string(metadata, columns_[column].name);
        metadata += ':';
        metadata += '"';
        append_for_json(metadata, cells[column].text);
        metadata += '"';
    }
    if (metadata.empty()) metadata = "{";
    metadata += '}';
    return metadata;
}

/// Calls `visit` with each use of a column that is sent, and the kind and the name of its place.
template <class Visit>
void RequestTemplate::for_each_use(Visit visit) const {
    const auto visit_pairs = [&](const std::vector<Pair>& pairs, std::string_view kind) {
        for (const Pair& pair : pairs) {
            for (const TemplatePart& part : pair.parts) {
                if (part.kind == TemplatePart::Kind::column) visit(part.use, kind, pair.name);
            }
        }
    };
    const std::string_view none;
    for (const ColumnUse& use : url_->path_columns()) visit(use, url_->is_whole() ? "the whole URL" : "the path", none);
    for (const ColumnUse& use : url_->query_columns()) visit(use, "the query", none);
    visit_pairs(headers_, "the header");
    if (json_) {
        for (const ColumnUse& use : json_->columns()) visit(use, "the body", none);
    }
    visit_pairs(form_, "the form's");
}

std::vector<ColumnPlaces> RequestTemplate::places() const {
    std::vector<ColumnPlaces> all;
    for_each_use([&](const ColumnUse& use, std::string_view kind, std::string_view of) {
        const std::string place = fmt::format("{}{}{}", kind, of.empty() ? "" : " ", of);
        const std::string& name = columns_[use.column].name;
        auto known = std::find_if(all.begin(), all.end(), [&](const ColumnPlaces& one) { return one.column == name; });
        if (known == all.end()) known = all.insert(all.end(), ColumnPlaces(name));
        std::vector<std::string>& places = known->places;
        if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
    });
    return all;
}

}  // namespace plait::batch
