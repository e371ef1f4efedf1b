#include "plait/http/message/internal/request_fields.hpp"

#include "plait/base/error.hpp"

namespace plait::http::internal {

const std::string_view user_agent = "plait/" PLAIT_VERSION;

namespace {

bool is_among(std::string_view word, std::string_view name, std::string_view other_name) {
    return equal_ignoring_case(word, name) || equal_ignoring_case(word, other_name);
}

void check_content_length(std::string_view value, std::uint64_t size) {
    if (value != fmt::format_int(size).c_str()) {
        throw Error(ErrorCode::bad_input,
                    fmt::format("header 'Content-Length': the body has {} bytes; leave the header out, "
                                "it is added",
                                size));
    }
}

}  // namespace

void check_field(const Header& field, const Request& request) {
    if (equal_ignoring_case(field.name, "Content-Length")) check_content_length(field.value, body_size(request));
    if (equal_ignoring_case(field.name, "Transfer-Encoding")) {
        throw Error(ErrorCode::bad_input, "header 'Transfer-Encoding': leave it out, a body is sent with its length");
    }
    if (equal_ignoring_case(field.name, "Connection") && !is_among(field.value, "close", "keep-alive")) {
        throw Error(ErrorCode::bad_input, "header 'Connection': only 'close' and 'keep-alive' can be sent");
    }
    if (is_among(field.name, "Proxy-Authorization", "Proxy-Connection")) {
        throw Error(
            ErrorCode::bad_input,
            fmt::format("header '{}': it would reach the server; a proxy gets its user and password from --proxy "
                        "or a variable such as https_proxy",
                        field.name));
    }
}

bool needs_length(const Request& request) {
    const std::string& method = request.method();
    return body_size(request) > 0 || method == "POST" || method == "PUT" || method == "PATCH";
}

std::string_view authority_of(const Request& request, const Headers& defaults) {
    const auto given = request.headers.get_all("Host");
    if (given.size() > 1) throw Error(ErrorCode::bad_input, "header 'Host': given twice");
    if (!given.empty()) return given[0];
    return defaults.get("Host").value_or(request.url.authority());
}

}  // namespace plait::http::internal
