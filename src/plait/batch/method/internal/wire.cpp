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
      time_left(request.time_left),
      over_new_connection(request.over_new_connection),
      without_default_headers(request.without_default_headers),
      without_credentials(request.without_credentials) {}

http::Request WireRequest::unwrap() && {
    http::Request request(std::move(method), http::Url(url));
    request.headers = internal::unwrap(headers);
    request.body = std::move(body);
    request.body_parts = internal::unwrap(std::move(parts));
    request.timeout = timeout;
    request.time_left = time_left;
    request.over_new_connection = over_new_connection;
    request.without_default_headers = without_default_headers;
    request.without_credentials = without_credentials;
    return request;
}

WireAnswer::WireAnswer(http::Response response)
    : status(response.status),
      reason(std::move(response.reason)),
      headers(wrap(response.headers)),
      body(std::move(response.body)),
      coding(response.coding),
      is_decoded(response.is_decoded),
      trailers(wrap(response.trailers)),
      reused(response.reused),
      version(response.version),
      relay(response.relay),
      connection(response.connection) {
    if (response.saved_body) {
        body_size = response.saved_body->size();
        body_path = response.saved_body->release();
    }
    const auto& [dns, connect, tls, send, wait, receive] = response.timings;
    times = {dns, connect, tls, send, wait, receive};
}

http::Response WireAnswer::unwrap() && {
    http::Response response;
    response.status = status;
    response.reason = std::move(reason);
    response.headers = internal::unwrap(headers);
    response.body = std::move(body);
    if (!body_path.empty()) {
        response.saved_body = std::make_shared<http::SavedBody>(std::move(body_path), body_size);
    }
    response.coding = std::move(coding);
    response.is_decoded = is_decoded;
    response.trailers = internal::unwrap(trailers);
    PLAIT_ASSERT(times.size() == 6, "both ends are the same program");
    response.timings = {times[0], times[1], times[2], times[3], times[4], times[5]};
    response.reused = reused;
    response.version = version;
    response.relay = std::move(relay);
    response.connection = connection;
    return response;
}

WireAttempt::WireAttempt(RecordedAttempt recorded) : worker(recorded.worker), states(std::move(recorded.states)) {
    if (auto* response = recorded.attempt.response()) {
        answer.emplace(std::move(*response));
        return;
    }
    auto& failure = *recorded.attempt.failure();
    code = failure.code;
    message = std::move(failure.message);
    maybe_sent = failure.maybe_sent;
    was_stale = failure.was_stale;
    was_refused = failure.was_refused;
    is_permanent = failure.is_permanent;
    connection = failure.connection;
    if (failure.partial) partial.emplace(std::move(*failure.partial));
}

RecordedAttempt WireAttempt::unwrap() && {
    if (answer) return RecordedAttempt(std::move(*answer).unwrap(), worker, std::move(states));
    Failure failure(code, std::move(message), maybe_sent, was_stale, was_refused);
    failure.is_permanent = is_permanent;
    failure.connection = connection;
    if (partial) failure.partial = std::make_shared<http::Response>(std::move(*partial).unwrap());
    return RecordedAttempt(std::move(failure), worker, std::move(states));
}

}  // namespace plait::batch::internal
