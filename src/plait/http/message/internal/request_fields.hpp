#pragma once

#include "plait/http/message/headers.hpp"
#include "plait/http/message/internal/content_codings.hpp"
#include "plait/http/message/request.hpp"

#include <fmt/format.h>

#include <string_view>

// The header fields of a request, in any version of HTTP.
namespace plait::http::internal {

/// The default `User-Agent`: `plait/` and the version.
extern const std::string_view user_agent;

/// The default fields that the caller has given.
struct GivenFields {
    bool user_agent = false;
    bool accept = false;
    bool accept_encoding = false;
    bool range = false;
    bool content_length = false;

    void note(std::string_view name) {
        user_agent = user_agent || equal_ignoring_case(name, "User-Agent");
        accept = accept || equal_ignoring_case(name, "Accept");
        accept_encoding = accept_encoding || equal_ignoring_case(name, "Accept-Encoding");
        range = range || equal_ignoring_case(name, "Range");
        content_length = content_length || equal_ignoring_case(name, "Content-Length");
    }
};

/// The value of `Host` or `:authority`: the `Host` of the request or of `defaults`, or else what its URL says. Throws
/// `Error(bad_input)` when the request has two.
std::string_view authority_of(const Request& request, const Headers& defaults);

/// Throws `Error(bad_input)` for a field that would give the message another meaning than the bytes that are sent: a
/// `Content-Length` other than the body's, any `Transfer-Encoding`, a `Connection` other than `close` and
/// `keep-alive`, and what is meant for a proxy.
void check_field(const Header& field, const Request& request);

/// Whether the request says how long its body is even when it is empty: its method gives a body a meaning (RFC 9110,
/// section 8.6).
bool needs_length(const Request& request);

/// Calls `append(name, value)` for each field but `Host`: first those of the request, then those of `defaults` whose
/// name the request does not have, then `User-Agent`, `Accept` and `Content-Length` where they are missing, and
/// `Accept-Encoding` with `decoding`: with a `Range`, it asks for no coding. Throws as `check_field` does.
template <class Append>
void each_field(const Request& request, const Headers& defaults, Decoding decoding, Append append) {
    GivenFields given;
    const auto append_given = [&](const Header& field) {
        if (equal_ignoring_case(field.name, "Host")) return;
        check_field(field, request);
        given.note(field.name);
        append(field.name, field.value);
    };
    for (const Header field : request.headers) append_given(field);
    for (const Header field : defaults) {
        if (!request.headers.contains(field.name)) append_given(field);
    }
    if (!given.user_agent) append("User-Agent", user_agent);
    if (!given.accept) append("Accept", std::string_view("*/*"));
    // A range would be one of coded bytes, which can't be decoded.
    const std::string_view codings = given.range ? std::string_view("identity") : accepted_codings;
    if (decoding == Decoding::on && !given.accept_encoding) append("Accept-Encoding", codings);
    if (!given.content_length && needs_length(request)) {
        const fmt::format_int length(body_size(request));
        append("Content-Length", std::string_view(length.data(), length.size()));
    }
}

}  // namespace plait::http::internal
