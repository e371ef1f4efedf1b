#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/batch/method/internal/attempt_loop.hpp"
#include "plait/http/message/request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Requests and attempts on their way between processes of the same program.
namespace plait::batch::internal {

using WireHeaders = std::vector<std::pair<std::string, std::string>>;

/// A part of a body: a text, or the path and the size of a file.
struct WirePart {
    template <class Archive>
    void serialize(Archive& archive) {
        archive(text, file, size);
    }

    std::string text;
    std::string file;
    std::uint64_t size = 0;
};

struct WireRequest {
    WireRequest() {}
    explicit WireRequest(http::Request request);
    http::Request unwrap() &&;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(method, url, headers, body, parts, timeout, time_left, over_new_connection, without_default_headers,
                without_credentials);
    }

    std::string method;
    std::string url;
    WireHeaders headers;
    std::string body;
    std::vector<WirePart> parts;  ///< sent instead of the body, if there are any
    std::optional<Duration> timeout;
    std::optional<Duration> time_left;
    bool over_new_connection = false;
    bool without_default_headers = false;
    bool without_credentials = false;
};

struct WireAnswer {
    WireAnswer() {}
    explicit WireAnswer(http::Response response);
    http::Response unwrap() &&;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(status, reason, headers, body, body_path, body_size, coding, is_decoded, trailers, times, reused,
                version, relay, connection);
    }

    int status = 0;
    std::string reason;
    WireHeaders headers;
    std::string body;
    std::string body_path;  ///< of a body that was saved; empty: it is `body`
    std::uint64_t body_size = 0;
    std::string coding;
    bool is_decoded = false;
    WireHeaders trailers;
    std::vector<Duration> times;  ///< in the order of `http::Timings`
    bool reused = false;
    http::HttpVersion version{};
    std::string relay;
    std::uint64_t connection = 0;
};

struct WireAttempt {
    WireAttempt() {}
    explicit WireAttempt(RecordedAttempt recorded);
    RecordedAttempt unwrap() &&;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(answer, partial, code, message, maybe_sent, was_stale, was_refused, is_permanent, connection, worker,
                states);
    }

    std::optional<WireAnswer> answer;

    // Without an answer:
    std::optional<WireAnswer> partial;
    ErrorCode code{};
    std::string message;
    bool maybe_sent = false;
    bool was_stale = false;
    bool was_refused = false;
    bool is_permanent = false;
    std::uint64_t connection = 0;

    std::uint64_t worker = 0;
    std::optional<trace::SpanStates> states;
};

}  // namespace plait::batch::internal
