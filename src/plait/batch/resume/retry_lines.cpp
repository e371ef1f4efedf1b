#include "plait/batch/resume/retry_lines.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/sources/line_source.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <optional>

namespace plait::batch {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view null = "null";

/// A place for an id in a line, and the text to put around the id.
struct Gap {
    std::size_t at;
    std::size_t replaced;
    std::string before, behind;
};

/// The number of bytes to write at once.
constexpr std::size_t full_batch = 256 * 1024;

}  // namespace

struct RequestCopier::Buffers {
    ondemand::parser parser;
    json::PaddedText text;

    /// Returns the place for an id in a line that has none.
    std::optional<Gap> gap_for_id(std::string_view line, std::string_view id_field) {
        ondemand::document document;
        ondemand::object object;
        const simdjson::padded_string_view padded = text.assign({line});
        if (parser.iterate(padded).get(document) || document.get_object().get(object)) return std::nullopt;
        bool is_empty = true;
        for (auto field : object) {
            ondemand::value value;
            std::string_view name;
            if (field.unescaped_key().get(name) || field.value().get(value)) return std::nullopt;
            is_empty = false;
            if (name != id_field) continue;
            const std::string_view token = value.raw_json_token();
            if (!token.starts_with(null)) return std::nullopt;  // it has one
            return Gap{static_cast<std::size_t>(token.data() - padded.data()), null.size(), "", ""};
        }
        return Gap{line.find('{') + 1, 0, fmt::format("\"{}\":", id_field), is_empty ? "" : ","};
    }
};

RequestCopier::RequestCopier(BatchFormat format) : id_field_("custom_id"), buffers_(std::make_unique<Buffers>()) {
    if (const BatchFormatEntry* const entry = find_batch_format(format)) id_field_ = entry->id_field;
}
RequestCopier::~RequestCopier() = default;

void RequestCopier::append(std::string& out, std::string_view text, std::uint64_t line, bool is_url) {
    const std::string id = automatic_id(line);
    if (is_url) {
        out += "{\"custom_id\":";
        json::append_string(out, id);
        out += ",\"url\":";
        json::append_string(out, text);
        out += "}\n";
        return;
    }
    if (const auto gap = buffers_->gap_for_id(text, id_field_)) {
        out += text.substr(0, gap->at);
        out += gap->before;
        json::append_string(out, id);
        out += gap->behind;
        text.remove_prefix(gap->at + gap->replaced);
    }
    out += text;
    out += '\n';
}

namespace {

void replace_last(std::string& batch, std::size_t begin, const std::optional<std::string>& line) {
    if (!line) return;
    batch.resize(begin);
    batch.append(*line).append("\n");
}

}  // namespace

Task<std::uint64_t> copy_requests(LineReader& requests, const LineSet& lines, Sink& sink, BatchFormat line_format,
                                  LineChange change) {
    RequestCopier copier(line_format);
    std::optional<RequestFormat> format;
    std::string batch;
    std::uint64_t copied = 0;
    while (const auto line = co_await requests.next()) {
        const std::string_view text = request_text(line->text, line->number);
        if (text.empty()) continue;
        if (!format) format = request_format_of(text);
        if (!lines.contains(line->number)) continue;
        if (line->is_cut) {
            throw Error(ErrorCode::bad_input,
                        fmt::format("{}, line {}: too long to be a request", requests.name(), line->number));
        }
        const std::size_t begin = batch.size();
        copier.append(batch, text, line->number, *format == RequestFormat::urls);
        if (change) replace_last(batch, begin, change(std::string_view(batch).substr(begin), line->number));
        ++copied;
        if (batch.size() < full_batch) continue;
        co_await sink.write(batch);
        batch.clear();
    }
    co_await sink.write(batch);
    co_return copied;
}

}  // namespace plait::batch
