#include "plait/http/message/request.hpp"

#include "plait/base/error.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace plait::http {

namespace {

/// RFC 9110, section 9.3, and PATCH of RFC 5789.
constexpr std::string_view standard_methods[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                 "CONNECT", "OPTIONS", "TRACE", "PATCH"};

/// As `fetch` does, but for PATCH, too: nobody means a method `patch`.
std::string normalized(std::string method) {
    for (const std::string_view standard : standard_methods) {
        if (equal_ignoring_case(method, standard)) return std::string(standard);
    }
    return method;
}

}  // namespace

Request::Request(std::string method, Url url_) : url(std::move(url_)), method_(normalized(std::move(method))) {
    if (!is_token(method_)) {
        throw Error(ErrorCode::bad_input, "a method is one word such as GET, of letters, digits and !#$%&'*+-.^_`|~");
    }
    if (method_ == "CONNECT") throw Error(ErrorCode::bad_input, "CONNECT asks a proxy for a tunnel: it is no call");
}

std::uint64_t body_size(const Request& request) noexcept {
    return request.body_parts ? request.body_parts->size() : request.body.size();
}

bool is_repeatable(const Request& request) {
    constexpr std::string_view idempotent[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
    return std::find(std::begin(idempotent), std::end(idempotent), request.method()) != std::end(idempotent) ||
           request.headers.contains("Idempotency-Key");
}

}  // namespace plait::http
