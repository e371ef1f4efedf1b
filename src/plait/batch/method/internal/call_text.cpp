#include "plait/batch/method/internal/call_text.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/cluster/protocol/fields.hpp"
#include "plait/cluster/protocol/numbers.hpp"
#include "plait/http/body/body_parts.hpp"
#include "plait/http/login/credentials.hpp"

#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace plait::batch::internal {

using cluster::FieldReader;
using cluster::FieldWriter;

namespace {

constexpr std::size_t least_header_bytes = 16;
constexpr auto last_code = static_cast<std::uint64_t>(ErrorCode::storage);

void put(FieldWriter& out, const http::Headers& headers) {
    out.number(headers.size());
    for (const http::Header header : headers) {
        out.text(header.name);
        out.text(header.value);
    }
}

http::Headers get_headers(FieldReader& in) {
    http::Headers headers;
    for (std::size_t count = in.count(least_header_bytes); count > 0; --count) {
        const std::string_view name = in.text();
        headers.add(name, in.text());
    }
    return headers;
}

void put(FieldWriter& out, const std::optional<Duration>& duration) {
    out.flag(duration.has_value());
    if (duration) out.duration(*duration);
}

std::optional<Duration> get_duration(FieldReader& in) {
    if (!in.flag()) return std::nullopt;
    return in.duration();
}

void put(FieldWriter& out, const http::Response& response) {
    out.number(static_cast<std::uint64_t>(response.status));
    out.text(response.reason);
    put(out, response.headers);
    out.text(response.body);
    out.text(response.coding.view());
    out.flag(response.is_decoded);
    put(out, response.trailers);
    const auto& [dns, connect, tls, send, wait, receive] = response.timings;
    for (const Duration time : {dns, connect, tls, send, wait, receive}) out.duration(time);
    out.flag(response.reused);
    out.flag(response.version == http::HttpVersion::http_2);
    out.text(response.relay.view());
    out.number(response.connection);
}

http::Response get_response(FieldReader& in) {
    constexpr std::uint64_t largest_status = 999;
    http::Response response;
    response.status = static_cast<int>(in.number_up_to(largest_status));
    response.reason = in.text();
    response.headers = get_headers(in);
    response.body = in.text();
    response.coding = std::string(in.text());
    response.is_decoded = in.flag();
    response.trailers = get_headers(in);
    auto& [dns, connect, tls, send, wait, receive] = response.timings;
    for (Duration* time : {&dns, &connect, &tls, &send, &wait, &receive}) *time = in.duration();
    response.reused = in.flag();
    response.version = in.flag() ? http::HttpVersion::http_2 : http::HttpVersion::http_1_1;
    response.relay = std::string(in.text());
    response.connection = in.number();
    return response;
}

/// Reads a body of texts and files into memory.
std::string whole_body(const http::BodyParts& parts) {
    constexpr std::size_t a_kib = 1024;
    if (parts.size() > cluster::most_text_bytes)
        throw_bad_input("the files of its body are too large to travel to another machine");
    std::string body;
    for (const auto& part : parts.parts()) {
        if (const auto* text = std::get_if<std::string>(&part)) {
            body += *text;
        } else {
            const auto& file = std::get<http::BodyParts::File>(part);
            body += read_file(file.path, (file.size / a_kib + 1) * a_kib);
        }
    }
    if (body.size() != parts.size()) throw_bad_input("a file of its body has changed");
    return body;
}

}  // namespace

http::Request self_contained(const http::Request& request, const http::SessionOptions& session) {
    http::Request whole(request);
    const bool has_left = request.without_default_headers;
    if (!has_left) {
        for (const http::Header header : session.headers) {
            if (!request.headers.contains(header.name)) whole.headers.add(header.name, header.value);
        }
    }
    if (session.credentials && !request.without_credentials && !whole.headers.contains("Authorization")) {
        const http::CredentialTable& table = *session.credentials;
        const auto* credentials = has_left ? table.find_named(request.url) : table.find(request.url);
        if (credentials) whole.headers.add("Authorization", http::basic_authorization(*credentials));
    }
    if (request.body_parts) {
        whole.body = whole_body(*request.body_parts);
        whole.body_parts = nullptr;
    }
    whole.without_default_headers = whole.without_credentials = true;
    return whole;
}

std::string request_text(const http::Request& request) {
    std::string text;
    FieldWriter out(text);
    out.text(request.method());
    out.text(request.url.text());
    put(out, request.headers);
    out.text(request.body);
    put(out, request.timeout);
    put(out, request.time_left);
    out.flag(request.over_new_connection);
    return text;
}

http::Request read_request(std::string_view text) {
    FieldReader in(text);
    std::string method(in.text());
    http::Request request(std::move(method), http::Url(in.text()));
    request.headers = get_headers(in);
    request.body = in.text();
    request.timeout = get_duration(in);
    request.time_left = get_duration(in);
    request.over_new_connection = in.flag();
    request.without_default_headers = request.without_credentials = true;
    in.end();
    return request;
}

std::string attempt_text(const Attempt& attempt) {
    std::string text;
    FieldWriter out(text);
    const auto* const response = attempt.response();
    out.flag(response != nullptr);
    if (response) {
        text.reserve(response->body.size() + cluster::part_bytes / 64);
        put(out, *response);
        return text;
    }
    const auto& failure = *attempt.failure();
    out.number(static_cast<std::uint64_t>(failure.code));
    out.text(failure.message);
    for (const bool flag :
         {failure.maybe_sent, failure.was_stale, failure.was_refused, failure.is_permanent, failure.partial != nullptr})
        out.flag(flag);
    out.number(failure.connection);
    if (failure.partial) put(out, *failure.partial);
    return text;
}

Attempt read_attempt(std::string_view text) {
    FieldReader in(text);
    if (in.flag()) {
        http::Response response = get_response(in);
        in.end();
        return response;
    }
    const auto code = static_cast<ErrorCode>(in.number_up_to(last_code));
    std::string message(in.text());
    const bool maybe_sent = in.flag();
    const bool was_stale = in.flag();
    const bool was_refused = in.flag();
    Failure failure(code, std::move(message), maybe_sent, was_stale, was_refused);
    failure.is_permanent = in.flag();
    const bool has_partial = in.flag();
    failure.connection = in.number();
    if (has_partial) failure.partial = std::make_shared<http::Response>(get_response(in));
    in.end();
    return failure;
}

std::string terms_text(const http::SessionOptions& session) {
    std::string text;
    FieldWriter out(text);
    out.byte(static_cast<std::uint8_t>(session.http));
    out.duration(session.timeouts.attempt);
    put(out, session.timeouts.connect);
    put(out, session.timeouts.idle);
    out.text(session.until_event);
    out.flag(session.decode);
    out.flag(session.tls.verify);
    const http::Limits& limits = session.limits;
    for (const std::size_t limit :
         {limits.header_bytes, limits.header_count, limits.body_bytes, limits.decoding_ratio,
          limits.decoded_bytes_at_any_ratio, limits.interim_responses, limits.chunk_overhead_bytes})
        out.number(limit);
    return text;
}

void apply_terms(http::SessionOptions& session, std::string_view text) {
    FieldReader in(text);
    const std::uint8_t choice = in.byte();
    if (choice > static_cast<std::uint8_t>(http::HttpChoice::http_2))
        throw Error(ErrorCode::protocol, "the terms of the run name an unknown version of HTTP");
    session.http = static_cast<http::HttpChoice>(choice);
    session.timeouts.attempt = in.duration();
    session.timeouts.connect = get_duration(in);
    session.timeouts.idle = get_duration(in);
    session.until_event = in.text();
    session.decode = in.flag();
    session.tls.verify = in.flag();
    http::Limits& limits = session.limits;
    for (std::size_t* limit :
         {&limits.header_bytes, &limits.header_count, &limits.body_bytes, &limits.decoding_ratio,
          &limits.decoded_bytes_at_any_ratio, &limits.interim_responses, &limits.chunk_overhead_bytes})
        *limit = in.number();
    in.end();
}

}  // namespace plait::batch::internal
