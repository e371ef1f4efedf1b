#include "plait/batch/output/result_line.hpp"

#include "plait/base/text/base64.hpp"
#include "plait/batch/output/internal/gemini_line.hpp"
#include "plait/batch/output/internal/vendor_results.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

namespace plait::batch {

namespace {

using json::append_milliseconds;
using json::append_number;
using json::append_string;

/// Why a request followed that got another page: here the attempts of a page end.
constexpr std::string_view page_end = "next-page";

std::string_view json_bool(bool value) { return value ? "true" : "false"; }

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

void append_lower_case(std::string& out, std::string_view name) {
    out += '"';
    for (const char c : name) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    out += '"';
}

void append_header_values(std::string& out, const http::Headers& headers, std::string_view name) {
    const auto values = headers.get_all(name);
    out += '[';
    for (const std::string_view value : values) {
        if (value.data() != values.front().data()) out += ',';
        json::append_string(out, value);
    }
    out += ']';
}

void append_headers(std::string& out, const http::Headers& headers) {
    out += '{';
    for (auto it = headers.begin(); it != headers.end(); ++it) {
        const auto is_same = [name = (*it).name](const http::Header& other) {
            return http::equal_ignoring_case(name, other.name);
        };
        if (std::find_if(headers.begin(), it, is_same) != it) continue;  // is in the list of the first one
        if (it != headers.begin()) out += ',';
        append_lower_case(out, (*it).name);
        out += ':';
        if (std::find_if(std::next(it), headers.end(), is_same) == headers.end()) {
            json::append_string(out, (*it).value);
        } else {
            append_header_values(out, headers, (*it).name);
        }
    }
    out += '}';
}

void append_coding(std::string& out, const http::Response& response) {
    if (response.coding.empty()) return;
    out += response.is_decoded ? ",\"decoded\":" : ",\"undecoded\":";
    json::append_string(out, response.coding);
}

void append_request_id(std::string& out, const http::Headers& headers) {
    std::optional<std::string_view> id = headers.get("x-request-id");
    if (!id) id = headers.get("request-id");
    json::append_string(out, id.value_or(""));
}

void append_error(std::string& out, const CallError& error) {
    out += ",\"error\":{\"code\":\"";
    out += to_string(error.code);
    out += "\",\"message\":";
    json::append_string(out, error.message);
    out += ",\"retryable\":";
    out += json_bool(error.retryable);
    out += ",\"maybe_sent\":";
    out += json_bool(error.maybe_sent);
    out += '}';
}

void append_named_time(std::string& out, std::string_view name, Duration time) {
    out += name;
    json::append_milliseconds(out, time);
}

void append_timings(std::string& out, const http::Timings& timings, bool reused) {
    append_named_time(out, ",\"dns_ms\":", timings.dns);
    append_named_time(out, ",\"connect_ms\":", timings.connect);
    append_named_time(out, ",\"tls_ms\":", timings.tls);
    append_named_time(out, ",\"send_ms\":", timings.send);
    append_named_time(out, ",\"wait_ms\":", timings.wait);
    append_named_time(out, ",\"receive_ms\":", timings.receive);
    out += ",\"reused\":";
    out += json_bool(reused);
}

void append_attempt(std::string& out, const AttemptNote& attempt, std::size_t number, TimePoint begin) {
    out += "{\"n\":";
    json::append_number(out, number);
    if (!attempt.url.empty()) {
        out += ",\"url\":";
        json::append_string(out, attempt.url);
    }
    if (attempt.status > 0) {
        out += ",\"status_code\":";
        json::append_number(out, static_cast<std::uint64_t>(attempt.status));
    } else {
        out += ",\"error\":\"";
        out += to_string(attempt.error);
        out += '"';
    }
    append_named_time(out, ",\"start_ms\":", attempt.start - begin);
    append_named_time(out, ",\"total_ms\":", attempt.total);
    if (attempt.status > 0) append_timings(out, attempt.timings, attempt.reused);
    if (attempt.copies > 1) out += attempt.second_won ? ",\"hedge\":\"second\"" : ",\"hedge\":\"first\"";
    if (attempt.wait_after) {
        append_named_time(out, ",\"wait_after_ms\":", *attempt.wait_after);
        out += ",\"why\":";
        json::append_string(out, attempt.why);
    }
    out += '}';
}

void append_attempts(std::string& out, std::span<const AttemptNote> attempts, TimePoint begin) {
    out += ",\"attempts\":[";
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        if (i > 0) out += ',';
        append_attempt(out, attempts[i], i + 1, begin);
    }
    out += ']';
}

void append_error(std::string& out, const CallEnd& end) {
    if (end.error) {
        append_error(out, *end.error);
    } else {
        out += ",\"error\":null";
    }
}

void append_metadata(std::string& out, std::string_view metadata) {
    out += ",\"metadata\":";
    out += metadata.empty() ? "null" : metadata;
}

}  // namespace

struct ResultLineWriter::Head {
    std::string_view custom_id;
    std::uint64_t line;
    const http::Request* request;  ///< null: the line is invalid
    std::string_view metadata;
    std::size_t page = 0;  ///< that the line is about, of how many; 0: it is about the whole call
    std::size_t page_count = 0;
    std::string_view page_url{};  ///< of a page from the second on, redacted
};

struct ResultLineWriter::Buffers {
    json::CompactValue json;
    std::string result, own;  // of a vendor's line
};

ResultLineWriter::ResultLineWriter(const ResultFormat& format, const Secrets* secrets)
    : format_(format), secrets_(secrets), buffers_(std::make_unique<Buffers>()) {}

ResultLineWriter::~ResultLineWriter() = default;

void ResultLineWriter::append(std::string& out, const Call& call, const CallEnd& end, TimePoint begin) {
    if (format_.each_page && end.has_pages) return append_pages(out, call, end, begin);
    append(out, Head{call.custom_id, call.line, &call.request, call.metadata}, end, begin);
}

/// The last line is about the last page or, if that did not come, about the attempts to get it.
void ResultLineWriter::append_pages(std::string& out, const Call& call, const CallEnd& end, TimePoint begin) {
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
        append_head(out, head, n == count ? end.outcome : Outcome::ok);
        out += ",\"response\":";
        if (n <= end.pages.size()) {
            append_response(out, end.pages[n - 1]);
        } else if (end.response) {
            append_response(out, *end.response);
        } else {
            out += "null";
        }
        out += ",\"more_pages\":";
        out += json_bool(n == count && end.has_more_pages);
        if (n == count) {
            append_error(out, end);
        } else {
            out += ",\"error\":null";
        }
        append_attempts(out, attempts, begin);
        append_metadata(out, call.metadata);
        out += "}\n";
    }
}

void ResultLineWriter::append_page_list(std::string& out, const CallEnd& end) {
    if (!end.has_pages) return;
    out += ",\"pages\":[";
    for (const http::Response& page : end.pages) {
        if (&page != end.pages.data()) out += ',';
        append_response(out, page);
    }
    out += "],\"more_pages\":";
    out += json_bool(end.has_more_pages);
}

void ResultLineWriter::append(std::string& out, const BadLine& line) {
    const CallEnd end(Outcome::failed, CallError(ErrorCode::bad_input, line.message));
    append(out, Head{line.custom_id, line.line, nullptr, line.metadata}, end, TimePoint());
}

void ResultLineWriter::append(std::string& out, const Head& head, const CallEnd& end, TimePoint begin) {
    if (format_.batch == BatchFormat::anthropic) return append_anthropic(out, head, end, begin);
    if (format_.batch == BatchFormat::gemini) return append_gemini(out, head, end, begin);
    append_head(out, head, end.outcome);
    append_response(out, end, !end.last_is_page);
    append_page_list(out, end);
    append_partial(out, end);
    append_error(out, end);
    append_attempts(out, end.attempts, begin);
    append_metadata(out, head.metadata);
    out += "}\n";
}

/// Anthropic's classes take further fields.
void ResultLineWriter::append_anthropic(std::string& out, const Head& head, const CallEnd& end, TimePoint begin) {
    std::string& result = buffers_->result;
    result.clear();
    const auto json = end.response ? json_body(*end.response) : std::nullopt;
    const bool has_body = internal::append_anthropic_result(result, end, json);
    append_head(out, head, end.outcome);
    append_response(out, end, !has_body);
    append_partial(out, end);
    out.append(",\"result\":").append(result);
    append_error(out, end);
    append_attempts(out, end.attempts, begin);
    append_metadata(out, head.metadata);
    out += "}\n";
}

void ResultLineWriter::append_gemini(std::string& out, const Head& head, const CallEnd& end, TimePoint begin) {
    std::string& result = buffers_->result;
    std::string& own = buffers_->own;
    result.clear();
    own.clear();
    const auto json = end.response ? json_body(*end.response) : std::nullopt;
    const bool has_body = internal::append_gemini_result(result, end, json);
    append_head(own, head, end.outcome);
    append_partial(own, end);
    append_error(own, end);
    append_attempts(own, end.attempts, begin);
    append_metadata(own, head.metadata);
    append_response(own, end, !has_body);
    own += '}';
    internal::append_gemini_line(out, head.custom_id, result, own, head.metadata);
}

void ResultLineWriter::append_head(std::string& out, const Head& head, Outcome outcome) {
    out += "{\"custom_id\":";
    json::append_string(out, head.custom_id);
    out += ",\"line\":";
    json::append_number(out, head.line);
    out += ",\"outcome\":\"";
    out += to_string(outcome);
    out += '"';
    if (head.page > 0) {
        out += ",\"page\":";
        json::append_number(out, head.page);
        out += ",\"page_count\":";
        json::append_number(out, head.page_count);
    }
    out += ",\"id\":";
    json::append_string(out, head.custom_id);
    if (head.page <= 1) return append_target(out, head.request);
    out += ",\"method\":\"GET\",\"url\":";
    json::append_string(out, head.page_url);
}

void ResultLineWriter::append_target(std::string& out, const http::Request* request) {
    if (!request) {
        out += ",\"method\":\"\",\"url\":\"\"";
        return;
    }
    out += ",\"method\":";
    json::append_string(out, request->method());
    out += ",\"url\":";
    if (!secrets_ || secrets_->empty()) return json::append_string(out, request->url.text());
    std::string url = request->url.text();
    secrets_->redact(url);
    json::append_string(out, url);
}

void ResultLineWriter::append_partial(std::string& out, const CallEnd& end) {
    if (!end.partial) return;
    out += ",\"partial\":";
    append_response(out, *end.partial);
}

void ResultLineWriter::append_response(std::string& out, const CallEnd& end, bool has_body) {
    out += ",\"response\":";
    if (end.response) {
        append_response(out, *end.response, has_body);
    } else {
        out += "null";
    }
}

void ResultLineWriter::append_response(std::string& out, const http::Response& response, bool has_body) {
    out += "{\"status_code\":";
    json::append_number(out, static_cast<std::uint64_t>(response.status));
    out += ",\"http_version\":\"";
    out += to_string(response.version);
    out += "\",\"request_id\":";
    append_request_id(out, response.headers);
    if (!response.url.empty()) {
        out += ",\"url\":";
        json::append_string(out, response.url);
    }
    out += ",\"headers\":";
    append_headers(out, response.headers);
    append_coding(out, response);
    if (!response.relay.empty()) {
        out += ",\"relay\":";
        json::append_string(out, response.relay);
    }
    if (has_body) append_body(out, response);
    out += '}';
}

/// The body as JSON on one line, if the line may hold it so. Valid until the next call.
std::optional<std::string_view> ResultLineWriter::json_body(const http::Response& response) {
    const bool may_be_json = format_.body == BodyFormat::automatic && !response.saved_body &&
                             is_json_type(response.headers.get("content-type").value_or(""));
    if (!may_be_json) return std::nullopt;
    const auto json = buffers_->json.make(response.body);
    return json && is_readable(buffers_->json.oddities(), format_.strict_json) ? json : std::nullopt;
}

void ResultLineWriter::append_body(std::string& out, const http::Response& response) {
    if (response.saved_body) {
        out += ",\"body_file\":";
        append_string(out, response.saved_body->path());
        out += ",\"body_bytes\":";
        append_number(out, response.saved_body->size());
        return;
    }
    if (const auto json = json_body(response)) {
        out += ",\"body\":";
        out += *json;
        return;
    }
    if (format_.body != BodyFormat::base64 && json::is_utf8(response.body)) {
        out += ",\"body_text\":";
        json::append_string(out, response.body);
        return;
    }
    out += ",\"body_base64\":\"";
    append_base64(out, response.body);
    out += '"';
}

}  // namespace plait::batch
