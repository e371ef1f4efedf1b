// What a server sends over an HTTP/2 connection with two requests on it: whole, and byte by byte.
#include "plait/http/internal/h2_session.hpp"

#include <fmt/format.h>

#include "target.hpp"
#include <algorithm>
#include <string>

using namespace plait;

namespace {

const TimePoint start{std::chrono::hours(100)};

class Stream final : public http::internal::H2Stream {
  public:
    using H2Stream::H2Stream;
};

std::string outcome_of(const Stream& stream, const http::internal::ExchangeRecord& record) {
    if (!stream.is_ended()) return "open";
    if (!stream.is_answered()) return "an error";  // which one depends on the bytes that were there when it was found
    return fmt::format("{} {}", record.response->status, record.response->body);
}

/// What came of the requests when the bytes arrive in pieces of `size`.
std::string outcome(std::string_view bytes, std::size_t size) {
    http::Limits limits;
    limits.body_bytes = 1 << 16;
    http::BodyMemory memory(1 << 20);
    const http::internal::ExchangeRules rules{limits, memory, http::internal::Decoding::on, std::chrono::hours(1)};
    const http::internal::ExchangeBounds bounds{rules, start + std::chrono::hours(1)};
    const http::Request get("GET", "http://api.example/");
    http::Request post("POST", "http://api.example/");
    post.body = std::string(100'000, 'x');
    http::internal::ExchangeRecord records[2];
    http::internal::H2Session session({}, start);
    Stream first(get, bounds, records[0]);
    Stream second(post, bounds, records[1]);
    session.open(first, {}, start);
    session.open(second, {}, start);
    std::string sent;
    const auto send = [&] {
        sent.clear();
        session.append_output(sent, 1 << 20, start);
    };
    send();
    while (!bytes.empty()) {
        session.receive(bytes.substr(0, size), start);
        send();
        bytes.remove_prefix(std::min(size, bytes.size()));
    }
    std::string text = outcome_of(first, records[0]) + ", " + outcome_of(second, records[1]);
    session.leave(first);
    session.leave(second);
    return text;
}

}  // namespace

void feed(std::string_view bytes) {
    PLAIT_ASSERT(outcome(bytes, bytes.size()) == outcome(bytes, 1), "the outcome is the same in any pieces");
}
