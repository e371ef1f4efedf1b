#include "plait/batch/requests/line_kind.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstddef>

namespace plait::batch {

namespace {

namespace ondemand = simdjson::ondemand;

bool has_lists(simdjson::simdjson_result<ondemand::object> values) {
    bool has_any = false;
    for (auto field : values) {
        ondemand::json_type type{};
        if (field.value().type().get(type) || type != ondemand::json_type::array) return false;
        has_any = true;
    }
    return has_any;
}

const char* article_of(std::string_view vendor) {
    return std::string_view("AO").find(vendor.front()) == std::string_view::npos ? "a" : "an";
}

std::string looks_like(const BatchFormatEntry& entry) {
    return fmt::format("looks like {} {} batch: --format {}", article_of(entry.vendor), entry.vendor, entry.name);
}

}  // namespace

std::string_view LineSigns::convertible() const noexcept {
    if (header) return "a target of vegeta";
    if (log) return "a HAR";
    return info && item ? "a collection of Postman" : "";
}

std::optional<BatchFormat> LineSigns::vendor() const noexcept {
    if (url) return body ? std::optional(BatchFormat::openai) : std::nullopt;
    if (params) return BatchFormat::anthropic;
    if (request) return BatchFormat::gemini;
    if (body) return BatchFormat::mistral;
    return std::nullopt;
}

std::optional<LineSigns> signs_of(std::string_view text) {
    if (!json::is_utf8(text)) return std::nullopt;
    ondemand::parser parser;
    json::PaddedText padded;
    ondemand::document document;
    ondemand::object object;
    const simdjson::padded_string_view line = padded.assign({text});
    if (parser.iterate(line).get(document) || document.get_object().get(object)) return std::nullopt;
    LineSigns signs;
    for (auto field : object) {
        std::string_view name;
        ondemand::value value;
        ondemand::json_type type{};
        if (field.unescaped_key().get(name) || field.value().get(value) || value.type().get(type)) return std::nullopt;
        const bool is_object = type == ondemand::json_type::object;
        if (name == "url") {
            signs.url = true;
            std::string_view url;
            if (!value.get_string().get(url) && url.starts_with("/v1/")) signs.path = url;
        }
        if (name == "body") signs.body = true;
        if (name == "params") signs.params = is_object;
        if (name == "request") signs.request = is_object;
        if (name == "log") signs.log = is_object;
        if (name == "info") signs.info = is_object;
        if (name == "item") signs.item = type == ondemand::json_type::array;
        if (name == "header" && is_object) signs.header = has_lists(value.get_object());
    }
    return signs;
}

std::string not_a_batch(std::string_view name, BatchFormat format) {
    const BatchFormatEntry& entry = *find_batch_format(format);
    return fmt::format("{} is not {} {} file: its first line ", name, article_of(entry.vendor), entry.name);
}

std::optional<std::string> hint_at_format(std::string_view text, BatchFormat format) {
    const std::optional<LineSigns> signs = signs_of(text);
    if (!signs) return std::nullopt;
    if (const std::string_view kind = signs->convertible(); !kind.empty())
        return fmt::format("looks like {}: plait convert makes requests of it", kind);
    const std::optional<BatchFormat> vendor = signs->vendor();
    // OpenAI's lines are request lines of ours, too.
    if (!vendor || vendor == format || (format == BatchFormat::plait && vendor == BatchFormat::openai))
        return std::nullopt;
    return looks_like(*find_batch_format(*vendor));
}

bool is_like_csv(std::string_view line) {
    return line.find("://") == line.npos && line.find_first_of(",;\t") != line.npos;
}

namespace {

bool is_like_column_name(std::string_view line) {
    constexpr std::size_t longest = 64;
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return line.size() <= longest && is_letter(line.front()) && std::all_of(line.begin(), line.end(), [&](char c) {
               return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == ' ';
           });
}

}  // namespace

void refuse_other_kind(std::string_view text, std::string_view name, bool has_base_url) {
    const bool is_json = text.starts_with('{');
    if (!is_json && !has_base_url && is_like_csv(text) && !text.starts_with('[') && !text.starts_with('"'))
        throw_bad_input(fmt::format("{} looks like CSV: make requests of its rows with --url TEMPLATE", name));
    if (!is_json && !has_base_url && is_like_column_name(text))
        throw_bad_input(fmt::format(
            "{} has no requests: its first line, '{}', is neither a URL nor JSON. Is it the name of a column of CSV? "
            "Make requests of its rows with --url TEMPLATE",
            name, text));
    if (!is_json) return;
    if (const std::optional<std::string> hint = hint_at_format(text, BatchFormat::plait))
        throw_bad_input(fmt::format("{} has no requests of plait: its first line {}", name, *hint));
    if (has_base_url) return;
    const std::optional<LineSigns> signs = signs_of(text);
    if (signs && signs->vendor() == BatchFormat::openai && !signs->path.empty())
        throw_bad_input(fmt::format("{} has the URL {} in its first line, without a server: name it with --base-url",
                                    name, printable(signs->path)));
}

}  // namespace plait::batch
