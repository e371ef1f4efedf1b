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

enum class Pieces { all, frames, bytes };

/// How many bytes arrive next.
std::size_t next_piece(std::string_view bytes, Pieces pieces) {
    constexpr std::size_t head = 9;
    if (pieces == Pieces::bytes) return 1;
    if (pieces == Pieces::all || bytes.size() < head) return bytes.size();
    const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])); };
    return std::min(bytes.size(), head + (byte(0) << 16 | byte(1) << 8 | byte(2)));
}

/// What came of the requests when the bytes arrive in these pieces.
std::string outcome(std::string_view bytes, Pieces pieces) {
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
        const std::size_t size = next_piece(bytes, pieces);
        session.receive(bytes.substr(0, size), start);
        send();
        bytes.remove_prefix(size);
    }
    std::string text = outcome_of(first, records[0]) + ", " + outcome_of(second, records[1]);
    session.leave(first);
    session.leave(second);
    return text;
}

}  // namespace

void feed(std::string_view bytes) {
    // What is sent between two frames uses up windows, so that a later frame may or may not make one too large.
    PLAIT_ASSERT(outcome(bytes, Pieces::frames) == outcome(bytes, Pieces::bytes),
                 "the outcome is the same in any pieces");
    outcome(bytes, Pieces::all);
}
