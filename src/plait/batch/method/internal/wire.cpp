#include "plait/batch/method/internal/wire.hpp"

#include "plait/base/assert.hpp"

#include <memory>
#include <variant>

namespace plait::batch::internal {

namespace {

WireHeaders wrap(const http::Headers& headers) {
    WireHeaders wrapped;
    wrapped.reserve(headers.size());
    for (const http::Header header : headers) wrapped.emplace_back(header.name, header.value);
    return wrapped;
}

http::Headers unwrap(const WireHeaders& wrapped) {
    http::Headers headers;
    for (const auto& [name, value] : wrapped) headers.add(name, value);
    return headers;
}

std::vector<WirePart> wrap(const http::BodyParts* parts) {
    std::vector<WirePart> wrapped;
    if (!parts) return wrapped;
    for (const auto& part : parts->parts()) {
        if (const auto* text = std::get_if<std::string>(&part)) {
            wrapped.push_back({*text, {}, 0});
        } else {
            const auto& file = std::get<http::BodyParts::File>(part);
            wrapped.push_back({{}, file.path, file.size});
        }
    }
    return wrapped;
}

std::shared_ptr<const http::BodyParts> unwrap(std::vector<WirePart> wrapped) {
    if (wrapped.empty()) return nullptr;
    auto parts = std::make_shared<http::BodyParts>();
    for (WirePart& part : wrapped) {
        if (part.file.empty()) {
            parts->add_text(std::move(part.text));
        } else {
            parts->add_file(http::BodyParts::File{std::move(part.file), part.size});
        }
    }
    return parts;
}

}  // namespace

WireRequest::WireRequest(http::Request request)
    : method(request.method()),
      url(request.url.text()),
      headers(wrap(request.headers)),
      body(std::move(request.body)),
      parts(wrap(request.body_parts.get())),
      timeout(request.timeout),
      over_new_connection(request.over_new_connection),
      without_default_headers(request.without_default_headers) {}

http::Request WireRequest::unwrap() && {
    http::Request request(std::move(method), http::Url(url));
    request.headers = internal::unwrap(headers);
    request.body = std::move(body);
    request.body_parts = internal::unwrap(std::move(parts));
    request.timeout = timeout;
    request.over_new_connection = over_new_connection;
    request.without_default_headers = without_default_headers;
    return request;
}

WireAttempt::WireAttempt(RecordedAttempt recorded)
    : has_answer(std::holds_alternative<http::Response>(recorded.attempt)),
      worker(recorded.worker),
      states(std::move(recorded.states)) {
    Attempt& attempt = recorded.attempt;
    if (has_answer) {
        auto& response = std::get<http::Response>(attempt);
        status = response.status;
        reason = std::move(response.reason);
        headers = wrap(response.headers);
        body = std::move(response.body);
        coding = std::move(response.coding);
        is_decoded = response.is_decoded;
        if (response.saved_body) {
            body_size = response.saved_body->size();
            body_path = response.saved_body->release();
        }
        trailers = wrap(response.trailers);
        const auto& [dns, connect, tls, send, wait, receive] = response.timings;
        times = {dns, connect, tls, send, wait, receive};
        reused = response.reused;
        version = response.version;
    } else {
        auto& failure = std::get<Failure>(attempt);
        code = failure.code;
        message = std::move(failure.message);
        maybe_sent = failure.maybe_sent;
        was_stale = failure.was_stale;
        was_refused = failure.was_refused;
    }
}

RecordedAttempt WireAttempt::unwrap() && {
    RecordedAttempt recorded(Failure(code, std::move(message), maybe_sent, was_stale, was_refused), worker,
                             std::move(states));
    if (!has_answer) return recorded;
    http::Response response;
    response.status = status;
    response.reason = std::move(reason);
    response.headers = internal::unwrap(headers);
    response.body = std::move(body);
    response.coding = std::move(coding);
    response.is_decoded = is_decoded;
    if (!body_path.empty()) {
        response.saved_body = std::make_shared<http::SavedBody>(std::move(body_path), body_size);
    }
    response.trailers = internal::unwrap(trailers);
    PLAIT_ASSERT(times.size() == 6, "both ends are the same program");
    response.timings = {times[0], times[1], times[2], times[3], times[4], times[5]};
    response.reused = reused;
    response.version = version;
    recorded.attempt = std::move(response);
    return recorded;
}

}  // namespace plait::batch::internal
