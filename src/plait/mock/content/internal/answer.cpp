#include "plait/mock/content/internal/answer.hpp"

#include "plait/base/text/json_string.hpp"
#include "plait/http/message/headers.hpp"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace plait::mock::internal {

namespace {

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

}  // namespace

std::string echo_of(const http::ReceivedRequest& request) {
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

Answer explanation(std::string_view what) {
    Answer answer;
    answer.status = 400;
    answer.body = R"({"error":)";
    append_json_string(answer.body, what);
    answer.body += '}';
    return answer;
}

Answer refusal_answer(int status) {
    Answer answer = explanation(status == 413   ? "the body is too large"
                                : status == 431 ? "the header fields are too large"
                                                : "this is not an HTTP/1.1 request");
    answer.status = status;
    return answer;
}

bool has_body(const Answer& answer, const http::ReceivedRequest& request) {
    return request.method != "HEAD" && answer.status != 204 && answer.status != 304;
}

void append_answer(std::string& out, const Answer& answer, const http::ReceivedRequest& request) {
    append_head(out, answer, request);
    if (has_body(answer, request)) out += answer.body;
}

void append_head(std::string& out, const Answer& answer, const http::ReceivedRequest& request) {
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
    out += answer.headers;
    out += "\r\n";
}

}  // namespace plait::mock::internal
