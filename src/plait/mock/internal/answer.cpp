#include "plait/mock/internal/answer.hpp"

#include "plait/http/headers.hpp"
#include "plait/mock/internal/json_string.hpp"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

namespace plait::mock::internal {

namespace {

constexpr std::string_view small_document = R"({"id":1,"name":"plait","value":42,"tags":["a","b","c"]})";

/// Bounds on what a path may ask for: more is a slip of the pen.
constexpr std::size_t most_delay_ms = 24 * 60 * 60 * 1000;
constexpr std::size_t most_bytes = std::size_t{1} << 30;

std::optional<std::size_t> parse_number(std::string_view text, std::size_t least, std::size_t most) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
        return std::nullopt;
    return number;
}

std::string_view path_of(const ReceivedRequest& request) {
    const std::string_view target = request.target;
    return target.substr(0, target.find('?'));
}

/// What follows `prefix` in `path`; nothing when it does not begin with it.
std::optional<std::string_view> after(std::string_view prefix, std::string_view path) {
    if (!path.starts_with(prefix)) return std::nullopt;
    return path.substr(prefix.size());
}

void append_header_values(std::string& out, const std::vector<std::string_view>& values) {
    if (values.size() == 1) return append_json_string(out, values.front());
    char separator = '[';
    for (const std::string_view value : values) {
        out += std::exchange(separator, ',');
        append_json_string(out, value);
    }
    out += ']';
}

std::string lower_case(std::string_view name) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    return lower;
}

void append_headers(std::string& out, const http::Headers& headers) {
    std::vector<std::string> told;
    char separator = '{';
    for (const http::Header header : headers) {
        std::string name = lower_case(header.name);
        if (std::find(told.begin(), told.end(), name) != told.end()) continue;
        out += std::exchange(separator, ',');
        append_json_string(out, name);
        out += ':';
        append_header_values(out, headers.get_all(name));
        told.push_back(std::move(name));
    }
    out += told.empty() ? "{}" : "}";
}

std::string echo_of(const ReceivedRequest& request) {
    std::string json = R"({"method":)";
    append_json_string(json, request.method);
    json += R"(,"target":)";
    append_json_string(json, request.target);
    json += R"(,"headers":)";
    append_headers(json, request.headers);
    json += R"(,"body":)";
    append_json_string(json, request.body);
    json += '}';
    return json;
}

Answer explain(std::string_view what) {
    Answer answer;
    answer.status = 400;
    answer.body = fmt::format(R"({{"error":"{}"}})", what);
    return answer;
}

void fill_with(Answer& answer, std::size_t bytes) {
    answer.content_type = text_type;
    answer.fill = bytes;
}

Answer delayed_answer(std::string_view arguments, const MockOptions& options) {
    const auto slash = arguments.find('/');
    const auto delay_ms = parse_number(arguments.substr(0, slash), 0, most_delay_ms);
    if (!delay_ms) return explain("write /delay/<ms> or /delay/<ms>/<bytes>, with at most a day");
    Answer answer;
    answer.status = options.status;
    answer.delay = std::chrono::milliseconds(*delay_ms);
    if (slash == std::string_view::npos) {
        answer.body = small_document;
        return answer;
    }
    const auto bytes = parse_number(arguments.substr(slash + 1), 0, most_bytes);
    if (!bytes) return explain("write /delay/<ms>/<bytes>, with at most 1 GiB");
    fill_with(answer, *bytes);
    return answer;
}

}  // namespace

Answer decide_answer(const ReceivedRequest& request, const MockOptions& options, LatencySource& latencies) {
    const std::string_view path = path_of(request);
    if (const auto arguments = after("/delay/", path)) return delayed_answer(*arguments, options);
    Answer answer;
    answer.status = options.status;
    if (const auto code = after("/status/", path)) {
        const auto status = parse_number(*code, 200, 599);
        if (!status) return explain("write /status/<code>, from 200 to 599");
        answer.status = static_cast<int>(*status);
    }
    answer.delay = latencies.draw();
    if (options.body_bytes) {
        fill_with(answer, *options.body_bytes);
    } else {
        answer.body = echo_of(request);
    }
    return answer;
}

bool asks_for_statistics(const ReceivedRequest& request) { return path_of(request) == "/stats"; }

Answer statistics_answer(const MockStatistics& statistics) {
    Answer answer;
    answer.body =
        fmt::format(R"({{"requests":{},"connections":{},"in_flight":{},"most_in_flight":{},"most_in_a_second":{}}})",
                    statistics.requests, statistics.connections, statistics.in_flight, statistics.most_in_flight,
                    statistics.most_in_a_second);
    return answer;
}

Answer refusal_answer(int status) {
    Answer answer = explain(status == 413   ? "the body is too large"
                            : status == 431 ? "the header fields are too large"
                                            : "this is not an HTTP/1.1 request");
    answer.status = status;
    return answer;
}

bool has_body(const Answer& answer, const ReceivedRequest& request) {
    return request.method != "HEAD" && answer.status != 204 && answer.status != 304;
}

void append_answer(std::string& out, const Answer& answer, const ReceivedRequest& request) {
    const boost::beast::string_view reason =
        boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(answer.status)));
    const auto append_number = [&](std::size_t number) {
        const fmt::format_int text(number);
        out.append(text.data(), text.size());
    };
    out += "HTTP/1.1 ";
    append_number(static_cast<std::size_t>(answer.status));
    out += ' ';
    out.append(reason.data(), reason.size());
    out += "\r\n";
    if (answer.status != 204) {
        out += "Content-Type: ";
        out += answer.content_type;
        out += "\r\nContent-Length: ";
        append_number(answer.body.size() + answer.fill);
        out += "\r\n";
    }
    if (!request.keep_alive) {
        out += "Connection: close\r\n";
    } else if (request.is_http_1_0) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
    if (has_body(answer, request)) out += answer.body;
}

}  // namespace plait::mock::internal
