#include "plait/http/transfer/internal/event_stream_end.hpp"

#include <doctest/doctest.h>

#include <string>

namespace plait::http::internal {

namespace {

/// The number of bytes after which the event was found, with the bytes in pieces of this size; -1: never.
int found_after(std::string_view text, std::size_t piece, std::string_view name = "[DONE]") {
    EventStreamEnd end(name);
    for (std::size_t at = 0; at < text.size(); at += piece) {
        if (end.put(text.substr(at, piece))) return static_cast<int>(at + piece);
    }
    return -1;
}

}  // namespace

TEST_CASE("a stream ends at the event with the data that was named") {
    CHECK(found_after("data: {\"a\":1}\n\ndata: [DONE]\n\n", 1) == 29);
    CHECK(found_after("data:[DONE]\r\n\r\n", 1) == 14);
    CHECK(found_after("data: [DONE]\r\r", 1) == 14);
    CHECK(found_after("\xef\xbb\xbf"
                      "data: [DONE]\n\n",
                      1) == 17);
    CHECK(found_after("data: [DONE]\n\n", 100) == 100);
}

TEST_CASE("a stream ends at the event of the type that was named") {
    CHECK(found_after("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", 1, "message_stop") == 51);
    CHECK(found_after("event: message_stop\n\n", 1, "message_stop") == -1);  // without data there is no event
}

TEST_CASE("an event that only resembles the last one does not end a stream") {
    CHECK(found_after("data: [DONE]\n", 1) == -1);
    CHECK(found_after("data: [DONE]x\n\n", 1) == -1);
    CHECK(found_after("data: a\ndata: [DONE]\n\n", 1) == -1);
    CHECK(found_after(": [DONE]\n\ndate: [DONE]\n\n", 1) == -1);
    CHECK(found_after("event: [DONE]\nevent: other\ndata: x\n\n", 1) == -1);
    CHECK(found_after("data: " + std::string(100'000, 'x') + "[DONE]\n\n", 1) == -1);
}

}  // namespace plait::http::internal
