#include "plait/batch/output/internal/result_parts.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace plait::batch::internal {

namespace {

using json::TextWriter;

void append_lower_case(TextWriter& out, std::string_view name) {
    out.put("\"");
    out.put_lower(name);
    out.put("\"");
}

void append_header_values(TextWriter& out, const http::Headers& headers, std::string_view name) {
    const auto values = headers.get_all(name);
    out.put("[");
    for (const std::string_view value : values) {
        if (value.data() != values.front().data()) out.put(",");
        out.put_string(value);
    }
    out.put("]");
}

/// One of 64 bits. Names whose bits differ are different.
std::uint64_t bit_of(std::string_view name) {
    if (name.empty()) return 1;
    const auto lower = [](char c) { return static_cast<unsigned char>(http::to_lower(c)); };
    return std::uint64_t{1} << ((name.size() * 7 + lower(name.front()) * 3u + lower(name.back())) % 64);
}

void append_named_time(TextWriter& out, std::string_view name, Duration time) {
    out.put(name);
    out.put_milliseconds(time);
}

void append_timings(TextWriter& out, const http::Timings& timings, bool reused) {
    append_named_time(out, ",\"dns_ms\":", timings.dns);
    append_named_time(out, ",\"connect_ms\":", timings.connect);
    append_named_time(out, ",\"tls_ms\":", timings.tls);
    append_named_time(out, ",\"send_ms\":", timings.send);
    append_named_time(out, ",\"wait_ms\":", timings.wait);
    append_named_time(out, ",\"receive_ms\":", timings.receive);
    out.put(",\"reused\":");
    out.put(json_bool(reused));
}

void append_attempt(TextWriter& out, const AttemptNote& attempt, std::size_t number, TimePoint begin) {
    out.put("{\"n\":");
    out.put_number(number);
    if (!attempt.url.empty()) {
        out.put(",\"url\":");
        out.put_string(attempt.url);
    }
    if (attempt.status > 0) {
        out.put(",\"status_code\":");
        out.put_number(static_cast<std::uint64_t>(attempt.status));
    } else {
        out.put(",\"error\":\"");
        out.put(to_string(attempt.error));
        out.put("\"");
    }
    append_named_time(out, ",\"start_ms\":", attempt.start - begin);
    append_named_time(out, ",\"total_ms\":", attempt.total);
    if (attempt.status > 0) append_timings(out, attempt.timings, attempt.reused);
    if (attempt.copies > 1) out.put(attempt.second_won ? ",\"hedge\":\"second\"" : ",\"hedge\":\"first\"");
    if (attempt.wait_after) {
        append_named_time(out, ",\"wait_after_ms\":", *attempt.wait_after);
        out.put(",\"why\":");
        out.put_string(attempt.why);
    }
    out.put("}");
}

}  // namespace

void append_headers(TextWriter& out, const http::Headers& headers) {
    std::uint64_t seen = 0;
    std::uint64_t repeated = 0;  // the other names occur once
    for (const http::Header header : headers) {
        repeated |= seen & bit_of(header.name);
        seen |= bit_of(header.name);
    }
    out.put("{");
    for (auto it = headers.begin(); it != headers.end(); ++it) {
        const http::Header header = *it;
        const bool may_repeat = (repeated & bit_of(header.name)) != 0;
        const auto is_same = [name = header.name](const http::Header& other) {
            return http::equal_ignoring_case(name, other.name);
        };
        if (may_repeat && std::find_if(headers.begin(), it, is_same) != it)
            continue;  // is in the list of the first one
        if (it != headers.begin()) out.put(",");
        append_lower_case(out, header.name);
        out.put(":");
        if (!may_repeat || std::find_if(std::next(it), headers.end(), is_same) == headers.end()) {
            out.put_string(header.value);
        } else {
            append_header_values(out, headers, header.name);
        }
    }
    out.put("}");
}

void append_attempts(TextWriter& out, std::span<const AttemptNote> attempts, TimePoint begin) {
    out.put(",\"attempts\":[");
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        if (i > 0) out.put(",");
        append_attempt(out, attempts[i], i + 1, begin);
    }
    out.put("]");
}

void append_error(TextWriter& out, const CallError& error) {
    out.put(",\"error\":{\"code\":\"");
    out.put(to_string(error.code));
    out.put("\",\"message\":");
    out.put_string(error.message);
    out.put(",\"retryable\":");
    out.put(json_bool(error.retryable));
    out.put(",\"maybe_sent\":");
    out.put(json_bool(error.maybe_sent));
    out.put("}");
}

}  // namespace plait::batch::internal
