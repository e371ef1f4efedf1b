#include "plait/batch/output/result_line.hpp"

#include "plait/base/text/base64.hpp"
#include "plait/batch/output/internal/gemini_line.hpp"
#include "plait/batch/output/internal/result_parts.hpp"
#include "plait/batch/output/internal/vendor_results.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/json/text.hpp"
#include "plait/json/text_writer.hpp"
#include "plait/json/value.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

namespace plait::batch {

namespace {

using internal::json_bool;
using json::TextWriter;

/// Why a request followed that got another page: here the attempts of a page end.
constexpr std::string_view page_end = "next-page";

/// Whether this is application/json, text/json or a type that ends in +json (RFC 6839), with any parameters.
bool is_json_type(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
    constexpr std::string_view suffix = "+json";
    return http::equal_ignoring_case(type, "application/json") || http::equal_ignoring_case(type, "text/json") ||
           (type.size() > suffix.size() && http::equal_ignoring_case(type.substr(type.size() - suffix.size()), suffix));
}

/// Whether strict readers take it.
bool is_readable(const json::Oddities& oddities, bool numbers_matter) {
    return !oddities.lone_surrogate && !oddities.repeated_name && !oddities.too_deep &&
           !(numbers_matter && oddities.large_number);
}

void append_coding(TextWriter& out, const http::Response& response) {
    if (response.coding.empty()) return;
    out.put(response.is_decoded ? ",\"decoded\":" : ",\"undecoded\":");
    out.put_string(response.coding);
}

void append_request_id(TextWriter& out, const http::Headers& headers) {
    std::optional<std::string_view> id = headers.get("x-request-id");
    if (!id) id = headers.get("request-id");
    out.put_string(id.value_or(""));
}

void append_error(TextWriter& out, const CallEnd& end) {
    if (end.error) {
        internal::append_error(out, *end.error);
    } else {
        out.put(",\"error\":null");
    }
}

void append_metadata(TextWriter& out, std::string_view metadata) {
    out.put(",\"metadata\":");
    out.put(metadata.empty() ? "null" : metadata);
}

}  // namespace

struct ResultLineWriter::Head {
    std::string_view custom_id;
    std::uint64_t line;
    const http::Request* request;  ///< null: the line is invalid
    std::string_view metadata;
    std::size_t page = 0;  ///< that the line is about, of how many; 0: it is about the whole call
    std::size_t page_count = 0;
    std::string_view page_url{};     ///< of a page from the second on, redacted
    std::string_view page_method{};  ///< of such a page; empty: GET
};

struct ResultLineWriter::Buffers {
    json::CompactValue json;
    std::string result, own;  // of a vendor's line
};

ResultLineWriter::ResultLineWriter(const ResultFormat& format, const Secrets* secrets)
    : format_(format), secrets_(secrets), buffers_(std::make_unique<Buffers>()) {}

ResultLineWriter::~ResultLineWriter() = default;

void ResultLineWriter::append(std::string& line, const Call& call, const CallEnd& end, TimePoint begin) {
    TextWriter out(line);
    if (format_.each_page && end.has_pages) {
        append_pages(out, call, end, begin);
    } else {
        append(out, Head{call.custom_id, call.line, &call.request, call.metadata}, end, begin);
    }
    out.flush();
}

/// The last line is about the last page or, if that did not come, about the attempts to get it.
void ResultLineWriter::append_pages(TextWriter& out, const Call& call, const CallEnd& end, TimePoint begin) {
    const std::size_t count = end.pages.size() + (end.last_is_page ? 0 : 1);
    std::span<const AttemptNote> rest = end.attempts;
    for (std::size_t n = 1; n <= count; ++n) {
        const auto last = std::find_if(rest.begin(), rest.end(), [](const auto& note) { return note.why == page_end; });
        const auto size = static_cast<std::size_t>(last - rest.begin()) + (last == rest.end() ? 0 : 1);
        const std::span<const AttemptNote> attempts = n == count ? rest : rest.first(size);
        rest = rest.subspan(attempts.size());
        const std::string id = page_id(call.custom_id, n);
        Head head{id, call.line, &call.request, call.metadata, n, count, {}};
        if (n > 1 && !attempts.empty()) head.page_url = attempts.front().url.view();
        head.page_method = end.page_method.view();
        append_head(out, head, n == count ? end.outcome : Outcome::ok);
        out.put(",\"response\":");
        if (n <= end.pages.size()) {
            append_response(out, end.pages[n - 1]);
        } else if (end.response) {
            append_response(out, *end.response);
        } else {
            out.put("null");
        }
        out.put(",\"more_pages\":");
        out.put(json_bool(n == count && end.has_more_pages));
        if (n == count) {
            append_error(out, end);
        } else {
            out.put(",\"error\":null");
        }
        internal::append_attempts(out, attempts, begin);
        append_metadata(out, call.metadata);
        out.put("}\n");
    }
}

void ResultLineWriter::append_page_list(TextWriter& out, const CallEnd& end) {
    if (!end.has_pages) return;
    out.put(",\"pages\":[");
    for (const http::Response& page : end.pages) {
        if (&page != end.pages.data()) out.put(",");
        append_response(out, page);
    }
    out.put("],\"more_pages\":");
    out.put(json_bool(end.has_more_pages));
}

void ResultLineWriter::append(std::string& text, const BadLine& line) {
    const CallEnd end(Outcome::failed, CallError(ErrorCode::bad_input, line.message));
    TextWriter out(text);
    append(out, Head{line.custom_id, line.line, nullptr, line.metadata}, end, TimePoint());
    out.flush();
}

void ResultLineWriter::append(TextWriter& out, const Head& head, const CallEnd& end, TimePoint begin) {
    if (format_.batch == BatchFormat::anthropic) return append_anthropic(out, head, end, begin);
    if (format_.batch == BatchFormat::gemini) return append_gemini(out, head, end, begin);
    append_head(out, head, end.outcome);
    append_response(out, end, !end.last_is_page);
    append_page_list(out, end);
    append_partial(out, end);
    append_error(out, end);
    internal::append_attempts(out, end.attempts, begin);
    append_metadata(out, head.metadata);
    out.put("}\n");
}

/// Anthropic's classes take further fields.
void ResultLineWriter::append_anthropic(TextWriter& out, const Head& head, const CallEnd& end, TimePoint begin) {
    std::string& result = buffers_->result;
    result.clear();
    const auto json = end.response ? json_body(*end.response) : std::nullopt;
    const bool has_body = internal::append_anthropic_result(result, end, json);
    append_head(out, head, end.outcome);
    append_response(out, end, !has_body);
    append_partial(out, end);
    out.put(",\"result\":");
    out.put(result);
    append_error(out, end);
    internal::append_attempts(out, end.attempts, begin);
    append_metadata(out, head.metadata);
    out.put("}\n");
}

void ResultLineWriter::append_gemini(TextWriter& out, const Head& head, const CallEnd& end, TimePoint begin) {
    std::string& result = buffers_->result;
    std::string& own = buffers_->own;
    result.clear();
    own.clear();
    const auto json = end.response ? json_body(*end.response) : std::nullopt;
    const bool has_body = internal::append_gemini_result(result, end, json);
    TextWriter own_out(own);
    append_head(own_out, head, end.outcome);
    append_partial(own_out, end);
    append_error(own_out, end);
    internal::append_attempts(own_out, end.attempts, begin);
    append_metadata(own_out, head.metadata);
    append_response(own_out, end, !has_body);
    own_out.put("}");
    own_out.flush();
    internal::append_gemini_line(out.flushed(), head.custom_id, result, own, head.metadata);
}

void ResultLineWriter::append_head(TextWriter& out, const Head& head, Outcome outcome) {
    out.put("{\"custom_id\":");
    out.put_string(head.custom_id);
    out.put(",\"line\":");
    out.put_number(head.line);
    out.put(",\"outcome\":\"");
    out.put(to_string(outcome));
    out.put("\"");
    if (head.page > 0) {
        out.put(",\"page\":");
        out.put_number(head.page);
        out.put(",\"page_count\":");
        out.put_number(head.page_count);
    }
    out.put(",\"id\":");
    out.put_string(head.custom_id);
    if (head.page <= 1) return append_target(out, head.request);
    out.put(",\"method\":");
    out.put_string(head.page_method.empty() ? "GET" : head.page_method);
    out.put(",\"url\":");
    out.put_string(head.page_url);
}

void ResultLineWriter::append_target(TextWriter& out, const http::Request* request) {
    if (!request) {
        out.put(",\"method\":\"\",\"url\":\"\"");
        return;
    }
    out.put(",\"method\":");
    out.put_string(request->method());
    out.put(",\"url\":");
    if (!secrets_ || secrets_->empty()) return out.put_string(request->url.text());
    std::string url = request->url.text();
    secrets_->redact(url);
    out.put_string(url);
}

void ResultLineWriter::append_partial(TextWriter& out, const CallEnd& end) {
    if (!end.partial) return;
    out.put(",\"partial\":");
    append_response(out, *end.partial);
}

void ResultLineWriter::append_response(TextWriter& out, const CallEnd& end, bool has_body) {
    out.put(",\"response\":");
    if (end.response) {
        append_response(out, *end.response, has_body);
    } else {
        out.put("null");
    }
}

void ResultLineWriter::append_response(TextWriter& out, const http::Response& response, bool has_body) {
    out.put("{\"status_code\":");
    out.put_number(static_cast<std::uint64_t>(response.status));
    out.put(",\"http_version\":\"");
    out.put(to_string(response.version));
    out.put("\",\"request_id\":");
    append_request_id(out, response.headers);
    if (!response.url.empty()) {
        out.put(",\"url\":");
        out.put_string(response.url);
    }
    out.put(",\"headers\":");
    internal::append_headers(out, response.headers);
    append_coding(out, response);
    if (!response.relay.empty()) {
        out.put(",\"relay\":");
        out.put_string(response.relay);
    }
    if (has_body) append_body(out, response);
    out.put("}");
}

/// The body as JSON on one line, if the line may hold it so. Valid until the next call.
std::optional<std::string_view> ResultLineWriter::json_body(const http::Response& response) {
    const bool may_be_json = format_.body == BodyFormat::automatic && !response.saved_body &&
                             is_json_type(response.headers.get("content-type").value_or(""));
    if (!may_be_json) return std::nullopt;
    const auto json = buffers_->json.make(response.body);
    return json && is_readable(buffers_->json.oddities(), format_.strict_json) ? json : std::nullopt;
}

void ResultLineWriter::append_body(TextWriter& out, const http::Response& response) {
    if (response.saved_body) {
        out.put(",\"body_file\":");
        out.put_string(response.saved_body->path());
        out.put(",\"body_bytes\":");
        out.put_number(response.saved_body->size());
        return;
    }
    if (const auto json = json_body(response)) {
        out.put(",\"body\":");
        out.put(*json);
        return;
    }
    if (format_.body != BodyFormat::base64 && json::is_utf8(response.body)) {
        out.put(",\"body_text\":");
        out.put_string(response.body);
        return;
    }
    out.put(",\"body_base64\":\"");
    append_base64(out.flushed(), response.body);
    out.put("\"");
}

}  // namespace plait::batch
