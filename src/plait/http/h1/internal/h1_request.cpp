#include "plait/http/h1/internal/h1_request.hpp"

#include "plait/base/error.hpp"
#include "plait/http/message/internal/request_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace plait::http::internal {

namespace {

/// Some proxies pass on fields that are for them, and what the server then does is anybody's guess.
void check_no_hop_fields(const Request& request, const Headers& defaults) {
    for (const char* name : {"TE", "Upgrade"}) {
        if (!request.headers.contains(name) && !defaults.contains(name)) continue;
        throw_bad_input(fmt::format("header '{}': it ends at the proxy, which relays this request", name));
    }
}

}  // namespace

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

std::string serialize_head(const Request& request, const Headers& defaults, Decoding decoding,
                           const RelayedForm* relayed) {
    std::string out;
    out.reserve(head_capacity);
    const std::string_view target = relayed ? request.url.text() : request.url.target();
    out.append(request.method()).append(" ").append(target).append(" HTTP/1.1\r\n");
    append_field(out, "Host", authority_of(request, defaults));
    if (relayed) {
        check_no_hop_fields(request, defaults);
        if (!relayed->authorization.empty()) append_field(out, "Proxy-Authorization", relayed->authorization);
    }
    each_field(request, defaults, decoding,
               [&out](std::string_view name, std::string_view value) { append_field(out, name, value); });
    out.append("\r\n");
    return out;
}

void add_expectation(std::string& head) {
    constexpr std::string_view end_of_head = "\r\n";
    head.insert(head.size() - end_of_head.size(), "Expect: 100-continue\r\n");
}

bool asks_before_body(const Request& request) {
    constexpr std::uint64_t large = 1024 * 1024;
    return body_size(request) >= large && !request.headers.contains("Expect");
}

bool asks_to_close(const Request& request, const Headers& defaults) {
    const Headers& sent = request.headers.contains("Connection") ? request.headers : defaults;
    const auto values = sent.get_all("Connection");
    return std::any_of(values.begin(), values.end(),
                       [](std::string_view value) { return equal_ignoring_case(value, "close"); });
}

}  // namespace plait::http::internal
