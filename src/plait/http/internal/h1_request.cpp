#include "plait/http/internal/h1_request.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace plait::http::internal {

namespace {

constexpr std::string_view user_agent = "plait/" PLAIT_VERSION;

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

bool is_among(std::string_view word, std::string_view name, std::string_view other_name) {
    return equal_ignoring_case(word, name) || equal_ignoring_case(word, other_name);
}

void check_content_length(std::string_view value, std::size_t body_size) {
    if (value != fmt::format_int(body_size).c_str()) {
        throw Error(ErrorCode::bad_input,
                    fmt::format("header 'Content-Length': the body has {} bytes; leave the header out, "
                                "it is added",
                                body_size));
    }
}

/// Refuses fields that would give the message another meaning than the bytes that are sent.
void check_field(const Header& field, const Request& request) {
    if (equal_ignoring_case(field.name, "Content-Length")) check_content_length(field.value, request.body.size());
    if (equal_ignoring_case(field.name, "Transfer-Encoding")) {
        throw Error(ErrorCode::bad_input, "header 'Transfer-Encoding': leave it out, a body is sent with its length");
    }
    if (equal_ignoring_case(field.name, "Connection") && !is_among(field.value, "close", "keep-alive")) {
        throw Error(ErrorCode::bad_input, "header 'Connection': only 'close' and 'keep-alive' can be sent");
    }
}

/// The default fields that the caller has given.
struct GivenFields {
    bool user_agent = false;
    bool accept = false;
    bool content_length = false;

    void note(std::string_view name) {
        user_agent = user_agent || equal_ignoring_case(name, "User-Agent");
        accept = accept || equal_ignoring_case(name, "Accept");
        content_length = content_length || equal_ignoring_case(name, "Content-Length");
    }
};

/// A request whose method gives a body a meaning has a length even when it is 0 (RFC 9110, section 8.6).
bool needs_length(const Request& request) {
    const std::string& method = request.method();
    return !request.body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
}

std::string_view host_of(const Request& request, const Headers& defaults) {
    const auto given = request.headers.get_all("Host");
    if (given.size() > 1) throw Error(ErrorCode::bad_input, "header 'Host': given twice");
    if (!given.empty()) return given[0];
    return defaults.get("Host").value_or(request.url.authority());
}

void append_given_fields(std::string& out, const Request& request, const Headers& defaults, GivenFields& given) {
    const auto append = [&](const Header& field) {
        if (equal_ignoring_case(field.name, "Host")) return;
        check_field(field, request);
        given.note(field.name);
        append_field(out, field.name, field.value);
    };
    for (const Header field : request.headers) append(field);
    for (const Header field : defaults) {
        if (!request.headers.contains(field.name)) append(field);
    }
}

}  // namespace

std::string serialize_head(const Request& request, const Headers& defaults) {
    std::string out;
    out.reserve(512);
    out.append(request.method()).append(" ").append(request.url.target()).append(" HTTP/1.1\r\n");
    append_field(out, "Host", host_of(request, defaults));
    GivenFields given;
    append_given_fields(out, request, defaults, given);
    if (!given.user_agent) append_field(out, "User-Agent", user_agent);
    if (!given.accept) append_field(out, "Accept", "*/*");
    if (!given.content_length && needs_length(request)) {
        const fmt::format_int length(request.body.size());
        append_field(out, "Content-Length", {length.data(), length.size()});
    }
    out.append("\r\n");
    return out;
}

bool asks_to_close(const Request& request, const Headers& defaults) {
    const Headers& sent = request.headers.contains("Connection") ? request.headers : defaults;
    const auto values = sent.get_all("Connection");
    return std::any_of(values.begin(), values.end(),
                       [](std::string_view value) { return equal_ignoring_case(value, "close"); });
}

}  // namespace plait::http::internal
