#include "plait/http/internal/h2_session.hpp"

#include <doctest/doctest.h>

#include <charconv>

using namespace plait;
using namespace plait::http;
using namespace plait::http::internal;
using namespace std::chrono_literals;

namespace {

/// What a real server sent to a client that opened three streams: GET, HEAD and POST of a resource of ten bytes.
struct Transcript {
    std::string_view server;
    std::string_view hex;
};

constexpr Transcript transcripts[] = {
    {"nginx 1.22.1",
     "000012040000000000000300000080000400010000000500ffffff0000040800000000007fff000000000004010000000000"
     "00040800000000057ffeffff000030010400000001887689aa6355e580ae212e1f6197d07abe94640a693f75040138a019b8"
     "cb371a794c5a37ff5c0231300003782d61013100000a000100000001736f6d6520746578740a000030010500000003887689"
     "aa6355e580ae212e1f6197d07abe94640a693f75040138a019b8cb371a794c5a37ff5c0231300003782d6101310000300104"
     "00000005887689aa6355e580ae212e1f6197d07abe94640a693f75040138a019b8cb371a794c5a37ff5c0231300003782d61"
     "013100000a000100000005736f6d6520746578740a"},
    {"Apache httpd 2.4.71",
     "0000060400000000000003000000640000040800000000007fff0000000000040100000000000044010400000001880f0d02"
     "31304003782d6101316197d07abe94640a693f75040138a019b8cb371a7d4c5a37ff769c86b19272b025da5dd0a9fd5f2c66"
     "1d5fda9aab2d5bb7676195c0b85f00000a000100000001736f6d6520746578740a000009010500000003880f0d023130c0bf"
     "be000009010400000005880f0d023130c0bfbe00000a000100000005736f6d6520746578740a"},
    {"HAProxy 2.6.12",
     "00000c0400000000000008000000010003000000640000000401000000000000040800000000050000000400000408000000"
     "00007fff000400000c010400000001885c0231300003782d61013100000a000100000001736f6d6520746578740a00000c01"
     "0500000003885c0231300003782d61013100000c010400000005885c0231300003782d61013100000a000100000005736f6d"
     "6520746578740a"},
    {"h2o 2.2.5",
     "00000c04000000000000030000006400040100000000000004010000000000000408000000000000ff000500002e01040000"
     "00058876879c47604b8976ff6196d07abe94640a693f75040138a019b8cb371b1298b46f4003782d6101310f0d0231300000"
     "0901040000000388c0bfbe0f0d02313000000901040000000188c0bfbe0f0d02313000000a000100000005736f6d65207465"
     "78740a00000000010000000300000a000100000001736f6d6520746578740a"},
    {"nghttpd 1.52.0, without TLS",
     "000006040000000000000300000064000000040100000000000055010400000001887690aa69d29ae452a9a74a6b13015db1"
     "2e0f5889a47e561cc58197000f6197d07abe94640a693f75040138a019b8cb371b654c5a37ff0f0d0231306c97d07abe9464"
     "0a693f75040138a019b8cb371b654c5a37ff00000a01050000000388c1c0bf0f0d023130be00000a01040000000588c1c0bf"
     "0f0d023130be00000a000100000001736f6d6520746578740a00000a000100000005736f6d6520746578740a"},
};

std::string bytes_of(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        unsigned byte = 0;
        std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

class TestStream final : public H2Stream {
  public:
    using H2Stream::H2Stream;
};

const TimePoint start{std::chrono::hours(100)};

/// The answers that the session finds in `bytes`, which come in pieces of `size`.
std::string answers_in(std::string_view bytes, std::size_t size) {
    const Limits limits;
    BodyMemory memory(1'000'000);
    const ExchangeRules rules{limits, memory, Decoding::on, 1h};
    const ExchangeBounds bounds{rules, start + 1h};
    H2Session session({}, start);
    Request requests[] = {Request("GET", "https://localhost/file"), Request("HEAD", "https://localhost/file"),
                          Request("POST", "https://localhost/file")};
    requests[2].body = "body";
    ExchangeRecord records[3];
    TestStream streams[3] = {
        {requests[0], bounds, records[0]}, {requests[1], bounds, records[1]}, {requests[2], bounds, records[2]}};
    for (TestStream& stream : streams) session.open(stream, Headers(), start);
    std::string sent;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) {
        session.append_output(sent, 100'000, start);
        session.receive(bytes.substr(0, size), start);
    }
    std::string answers;
    for (int i = 0; i < 3; ++i) {
        answers += streams[i].is_answered()
                       ? std::to_string(records[i].response->status) + " " + records[i].response->body
                       : "none, ";
        session.leave(streams[i]);
    }
    return answers;
}

}  // namespace

TEST_CASE("the transcripts of real servers are understood, however their bytes are split") {
    for (const Transcript& transcript : transcripts) {
        CAPTURE(transcript.server);
        const std::string bytes = bytes_of(transcript.hex);
        const std::string all = answers_in(bytes, bytes.size());
        CHECK(all.starts_with("200 some text\n200 "));
        CHECK(answers_in(bytes, 1) == all);
        CHECK(answers_in(bytes, 7) == all);
    }
}
