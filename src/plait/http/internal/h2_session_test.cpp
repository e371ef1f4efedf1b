#include "plait/http/internal/h2_session.hpp"

#include "plait/http/internal/h2_frames.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <numeric>

using namespace plait;
using namespace plait::http;
using namespace plait::http::internal;
using namespace std::chrono_literals;

namespace {

const TimePoint start{std::chrono::hours(100)};

class TestStream final : public H2Stream {
  public:
    using H2Stream::H2Stream;
};

/// A request on its way, and what came of it.
struct Sent {
    Sent(Request request_, const ExchangeBounds& bounds)
        : request(std::move(request_)), stream(request, bounds, record) {}

    std::string text() const {
        if (!stream.is_ended()) return "open";
        if (stream.is_answered()) return std::to_string(record.response->status) + " " + record.response->body;
        return (record.was_not_processed ? "undone: " : "") + std::string(to_string(stream.error().code())) + ": " +
               stream.error().what();
    }

    Request request;
    ExchangeRecord record;
    TestStream stream;
};

/// A session and a server whose frames are made by hand.
class Peers {
  public:
    explicit Peers(std::string_view settings = frames::settings()) {
        output();
        receive(std::string(settings));
    }
    ~Peers() {
        for (auto& sent : sent_) session.leave(sent->stream);
    }

    Sent& send(Request request) {
        sent_.push_back(std::make_unique<Sent>(std::move(request), bounds));
        session.open(sent_.back()->stream, defaults, now);
        return *sent_.back();
    }
    Sent& get() { return send(Request("GET", "https://a.example/x")); }
    Sent& post(std::string body) {
        Request request("POST", "https://a.example/x");
        request.body = std::move(body);
        return send(std::move(request));
    }

    /// What the session has to send now, which reaches the system.
    std::string output() {
        std::string out;
        session.append_output(out, 10'000'000, now);
        session.sent(out.size());
        return out;
    }
    void receive(const std::string& bytes) { session.receive(bytes, now); }

    TimePoint now = start;
    Limits limits;
    BodyMemory memory{1'000'000};
    Headers defaults;
    ExchangeRules rules{limits, memory, Decoding::on, 1h};
    ExchangeBounds bounds{rules, start + 1h};
    H2Session session{{}, start};

  private:
    std::deque<std::unique_ptr<Sent>> sent_;
};

constexpr std::size_t data_frame = 0, window_update_frame = 8;

/// The sizes of the frames of one type in `bytes`.
std::vector<std::size_t> sizes_of(std::size_t type, std::string_view bytes) {
    std::vector<std::size_t> sizes;
    while (bytes.size() >= 9) {
        const auto byte = [&](std::size_t at) {
            return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at]));
        };
        const std::size_t size = byte(0) << 16 | byte(1) << 8 | byte(2);
        if (byte(3) == type) sizes.push_back(size);
        bytes.remove_prefix(9 + size);
    }
    return sizes;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("a request is answered") {
    Peers peers;
    Sent& sent = peers.get();
    CHECK_FALSE(peers.output().empty());
    CHECK(sent.record.phase == Phase::waiting);
    peers.receive(frames::head(1, "201", frames::none, frames::field("x-a", "1")) + frames::data(1, "he") +
                  frames::data(1, "llo", frames::end_stream));
    CHECK(sent.text() == "201 hello");
    CHECK(sent.record.response->headers.get("X-A") == "1");
    CHECK(sent.record.version == HttpVersion::http_2);
    REQUIRE(peers.session.take_ended().size() == 1);
    CHECK(peers.session.take_ended().empty());
    CHECK(peers.session.open_streams() == 0);
}

TEST_CASE("bytes may be split anywhere") {
    Peers peers;
    Sent& sent = peers.get();
    peers.output();
    for (const char byte : frames::answer(1, "hello")) peers.receive(std::string(1, byte));
    CHECK(sent.text() == "200 hello");
}

TEST_CASE("answers come in any order") {
    Peers peers;
    Sent& first = peers.get();
    Sent& second = peers.get();
    peers.output();
    peers.receive(frames::head(3) + frames::head(1) + frames::data(1, "a") + frames::data(3, "b", frames::end_stream) +
                  frames::data(1, "c", frames::end_stream));
    CHECK(first.text() == "200 ac");
    CHECK(second.text() == "200 b");
}

TEST_CASE("one stream may be open before the server's settings, and then as many as it permits") {
    H2Session session({}, start);
    CHECK(session.room(100) == 1);
    session.receive(frames::settings(frames::max_streams(8)), start);
    CHECK(session.room(100) == 8);
    CHECK(session.room(5) == 5);
    session.receive(frames::settings(frames::max_streams(2)), start);
    CHECK(session.room(100) == 2);
}

TEST_CASE("a server without a limit leaves it to us") {
    Peers peers;
    CHECK(peers.session.room(100) == 100);
}

TEST_CASE("a lower limit counts at once, and streams that are open stay open") {
    Peers peers(frames::settings(frames::max_streams(3)));
    peers.get();
    peers.get();
    peers.output();
    peers.receive(frames::settings(frames::max_streams(1)));
    CHECK(peers.session.room(100) == 0);
    peers.receive(frames::answer(1));
    CHECK(peers.session.room(100) == 0);
    peers.receive(frames::answer(3));
    CHECK(peers.session.room(100) == 1);
}

TEST_CASE("a stream counts until both sides have ended it") {
    Peers peers(frames::settings(frames::max_streams(1) + frames::initial_window(1)));
    Sent& sent = peers.post("long body");
    peers.output();
    peers.receive(frames::answer(1, "413"));
    CHECK(sent.text() == "200 413");
    CHECK(peers.session.room(100) == 0);
    peers.output();  // the reset of the upload
    CHECK(peers.session.room(100) == 1);
}

TEST_CASE("a refused stream is surely not processed, and its first reset counts") {
    Peers peers;
    Sent& sent = peers.post("body");
    peers.output();
    peers.receive(frames::reset(1, frames::refused_stream) + frames::reset(1, frames::stream_closed));
    CHECK(sent.text() == "undone: reset: the server refused the request unprocessed (REFUSED_STREAM)");
    CHECK_FALSE(peers.session.is_closing());
}

TEST_CASE("another reset says nothing about what was done, and leaves the connection usable") {
    Peers peers;
    Sent& sent = peers.get();
    peers.output();
    peers.receive(frames::reset(1, frames::protocol_error));
    CHECK(sent.text() == "reset: the server reset the stream: PROTOCOL_ERROR");
    CHECK(peers.session.room(100) == 100);
}

TEST_CASE("a reset after a whole answer changes nothing") {
    Peers peers;
    Sent& sent = peers.get();
    peers.output();
    peers.receive(frames::answer(1) + frames::reset(1, frames::no_error));
    CHECK(sent.text() == "200 hi");
}

TEST_CASE("a reset without error in the middle of an answer is no success") {
    Peers peers;
    Sent& sent = peers.get();
    peers.output();
    peers.receive(frames::head(1) + frames::data(1, "ha") + frames::reset(1, frames::no_error));
    CHECK(sent.text() == "reset: the server reset the stream after 2 bytes of the body: NO_ERROR");
}

TEST_CASE("goodbye: streams above the last one are undone, the others go on") {
    Peers peers;
    Sent& first = peers.post("a");
    Sent& second = peers.post("b");
    peers.output();
    peers.receive(frames::goaway(1, frames::no_error));
    CHECK(peers.session.room(100) == 0);
    CHECK(first.text() == "open");
    CHECK(contains(second.text(), "undone: reset: the server takes no more requests on this connection"));
    peers.receive(frames::answer(1));
    CHECK(first.text() == "200 hi");
}

TEST_CASE("the last stream of several goodbyes only falls") {
    Peers peers;
    Sent& first = peers.get();
    Sent& second = peers.get();
    peers.output();
    peers.receive(frames::goaway(0x7fffffff, frames::no_error));
    CHECK(second.text() == "open");
    peers.receive(frames::goaway(1, frames::no_error));
    CHECK(contains(second.text(), "undone"));
    CHECK(first.text() == "open");
}

TEST_CASE("an error with the highest last stream leaves all in the dark") {
    Peers peers;
    Sent& sent = peers.post("a");
    peers.output();
    peers.receive(frames::goaway(0x7fffffff, frames::protocol_error, "too much"));
    peers.session.receive_end(Error(ErrorCode::reset, "the server closed the connection without an answer"));
    CHECK(sent.text() ==
          "reset: the server closed the connection without an answer; it had said GOAWAY PROTOCOL_ERROR 'too much'");
    CHECK(sent.record.any_byte_sent == false);  // known when the caller leaves
    peers.session.leave(sent.stream);
    CHECK(sent.record.any_byte_sent);
}

TEST_CASE("a goodbye of an unknown code is a goodbye") {
    Peers peers;
    Sent& sent = peers.get();
    peers.output();
    peers.receive(frames::goaway(0, 4294966394u, "The user callback function failed"));
    CHECK(contains(sent.text(), "undone"));
    CHECK(contains(sent.text(), "GOAWAY error 4294966394"));
}

TEST_CASE("the end of the connection is an error of each stream, and says how far it was") {
    Peers peers;
    Sent& first = peers.get();
    Sent& second = peers.get();
    peers.output();
    peers.receive(frames::head(3) + frames::data(3, "abc"));
    peers.session.receive_end(Error(ErrorCode::reset, "closed"));
    CHECK(first.text() == "reset: closed");
    CHECK(second.text() == "reset: closed (after 3 bytes of the body)");
    CHECK(peers.session.is_dead());
}

TEST_CASE("a request none of whose bytes were taken is known to be unsent") {
    Peers peers;
    Sent& sent = peers.get();
    std::string out;
    peers.session.append_output(out, 1000, peers.now);  // and the system takes none
    peers.session.receive_end(Error(ErrorCode::reset, "closed"));
    peers.session.leave(sent.stream);
    CHECK_FALSE(sent.record.any_byte_sent);
}

TEST_CASE("interim answers are skipped, up to a limit") {
    Peers peers;
    Sent& sent = peers.get();
    peers.output();
    peers.receive(frames::head(1, "103", frames::none, frames::field("link", "</a>")) + frames::answer(1));
    CHECK(sent.text() == "200 hi");
    CHECK_FALSE(sent.record.response->headers.contains("link"));
    Sent& flooded = peers.get();
    peers.output();
    for (int i = 0; i < 20; ++i) peers.receive(frames::head(3, "100"));
    CHECK(flooded.text() == "too_large: more than 16 interim answers came");
}

TEST_CASE("an answer whose status no standard has is none, and nothing of its body is taken") {
    for (const auto* status : {"000", "050", "099"}) {
        Peers peers;
        Sent& sent = peers.get();
        Sent& other = peers.get();
        peers.output();
        peers.receive(frames::head(1, status) + frames::data(1, "hi", frames::end_stream) + frames::answer(3));
        CHECK(sent.text() == std::string("protocol: the answer is not HTTP/2: status ") + status);
        CHECK(other.text() == "200 hi");
    }
}

TEST_CASE("trailers end an answer, and are not its header") {
    Peers peers;
    Sent& sent = peers.get();
    peers.output();
    peers.receive(frames::head(1) + frames::data(1, "hi") +
                  frames::headers(1, frames::field("x-sum", "7"), frames::end_stream));
    CHECK(sent.text() == "200 hi");
    CHECK_FALSE(sent.record.response->headers.contains("x-sum"));
    CHECK(sent.record.response->trailers.get("x-sum") == "7");
}

TEST_CASE("malformed answers are errors of their stream") {
    const auto text_after = [](const std::string& bytes) {
        Peers peers;
        Sent& sent = peers.get();
        peers.output();
        peers.receive(bytes);
        peers.output();
        CHECK_FALSE(peers.session.is_closing());
        return sent.text();
    };
    const auto with = [](std::string_view name, std::string_view value) {
        return frames::head(1, "200", frames::end_stream, frames::field(name, value));
    };
    CHECK(contains(text_after(with("X-Upper", "1")), "protocol: the answer is not HTTP/2"));
    CHECK(contains(text_after(with("connection", "close")), "protocol: the answer is not HTTP/2"));
    CHECK(contains(text_after(with("x-a", "a\nb")), "protocol: the answer is not HTTP/2"));
    CHECK(contains(text_after(with(":late", "1")), "protocol: the answer is not HTTP/2"));
    CHECK(contains(text_after(frames::headers(1, frames::field("x-a", "1"), frames::end_stream)), "protocol"));
    CHECK(contains(text_after(frames::head(1, "101")), "protocol"));
    CHECK(text_after(frames::head(1, "200", frames::none, frames::field("content-length", "3")) +
                     frames::data(1, "ab", frames::end_stream)) ==
          "protocol: the answer is not HTTP/2: its body has 2 bytes, and Content-Length says 3");
}

TEST_CASE("a body of a HEAD request is only announced") {
    Peers peers;
    Sent& sent = peers.send(Request("HEAD", "https://a.example/x"));
    peers.output();
    peers.receive(frames::head(1, "200", frames::end_stream, frames::field("content-length", "300")));
    CHECK(sent.text() == "200 ");
}

TEST_CASE("answers have limits") {
    Peers peers;
    peers.limits.header_bytes = 100;
    peers.limits.header_count = 3;
    peers.limits.body_bytes = 5;
    const auto text_after = [&](const auto& bytes_of) {
        Sent& sent = peers.get();
        peers.output();
        peers.receive(bytes_of(static_cast<std::uint32_t>(2 * peers.session.opened() - 1)));
        peers.output();
        return sent.text();
    };
    CHECK(text_after([](std::uint32_t id) {
              return frames::head(id, "200", frames::none, frames::field("x-a", std::string(120, 'x')));
          }) == "too_large: the answer has more than 100 bytes of header (--max-header-bytes)");
    CHECK(text_after([](std::uint32_t id) {
              std::string fields;
              for (int i = 0; i < 4; ++i) fields += frames::field("a", "b");
              return frames::head(id, "200", frames::none, fields);
          }) == "too_large: the answer has more than 3 header fields (--max-header-count)");
    CHECK(text_after([](std::uint32_t id) { return frames::answer(id, "123456"); }) ==
          "too_large: the answer has more than 5 bytes of body (--max-body)");
    CHECK(text_after([](std::uint32_t id) { return frames::answer(id, "12345"); }) == "200 12345");
}

TEST_CASE("a request header larger than the server accepts is not sent") {
    Peers peers(frames::settings(frames::max_header_list(300)));
    Request request("GET", "https://a.example/x");
    request.headers.add("X-Long", std::string(300, 'x'));
    CHECK_THROWS_WITH_AS(peers.send(request), doctest::Contains("the server accepts 300"), Error);
    CHECK(peers.session.open_streams() == 0);
}

TEST_CASE("floods end the connection by name") {
    const auto text_after = [](const std::string& flood, int times) {
        Peers peers;
        Sent& sent = peers.get();
        peers.output();
        peers.receive(frames::head(1));
        for (int i = 0; i < times && !peers.session.is_dead(); ++i) {
            peers.receive(flood);
            peers.output();
        }
        return sent.text();
    };
    const std::string named = "protocol: the server floods the connection with ";
    CHECK(contains(text_after(frames::data(1, ""), 1500), named + "empty DATA frames"));
    CHECK(contains(text_after(frames::frame(0, frames::padded, 1, std::string(1, '\0')), 1500), named + "empty DATA"));
    CHECK(contains(text_after(frames::settings(), 1500), named + "SETTINGS"));
    CHECK(contains(text_after(frames::ping(), 1500), named + "PING"));
    CHECK(contains(text_after(frames::goaway(0x7fffffff, 0), 1500), named + "GOAWAY"));
    CHECK(contains(text_after(frames::frame(2, 0, 1, std::string(5, '\0')), 1500), named + "PRIORITY"));
    CHECK(contains(text_after(frames::window_update(0, 1), 25'000), named + "WINDOW_UPDATE"));
    CHECK(contains(text_after(frames::frame(99, 0, 0, "x"), 1500), named + "frames of unknown types"));
    CHECK(contains(text_after(frames::reset(1, frames::cancel), 1500), "reset the stream"));  // the first one ended it
    std::string continued = frames::frame(1, 0, 1, frames::field("x-trailer", "1"));
    for (int i = 0; i < 20; ++i) continued += frames::frame(9, 0, 1, frames::field("a", "b"));
    CHECK(contains(text_after(continued, 1), named + "CONTINUATION frames"));
}

TEST_CASE("interim answers end their stream when they are many, and the connection when they go on, by name") {
    constexpr std::uint32_t calls = 100;
    const auto text_after = [](const std::string& of_each, int times) {
        Peers peers(frames::settings(frames::max_streams(1000)));
        std::vector<Sent*> sent;
        while (sent.size() < calls) sent.push_back(&peers.get());
        peers.output();
        for (int i = 0; i < times; ++i) {
            for (std::uint32_t id = 1; id < 2 * calls - 1; id += 2) peers.receive(frames::head(id, of_each));
        }
        return sent.back()->text();
    };
    CHECK(text_after("103", 5) == "open");
    CHECK(text_after("103", 15) == "protocol: the server floods the connection with interim answers (1xx)");
    Peers peers(frames::settings(frames::max_streams(2)));
    Sent& flooded = peers.get();
    Sent& other = peers.get();
    peers.output();
    for (int i = 0; i < 500; ++i) peers.receive(frames::head(1, "103"));
    CHECK(flooded.text() == "too_large: more than 16 interim answers came");
    CHECK(other.text() == "open");
    for (int i = 0; i < 1000; ++i) peers.receive(frames::head(1, "103"));
    CHECK(other.text() == "protocol: the server floods the connection with HEADERS frames of streams that have ended");
}

TEST_CASE("a server that pings now and then is no flood") {
    Peers peers;
    Sent& sent = peers.get();
    peers.output();
    for (int i = 0; i < 5000; ++i) {
        peers.now += 1s;
        peers.receive(frames::ping());
        peers.output();
    }
    CHECK(sent.text() == "open");
}

TEST_CASE("a broken rule of the connection ends all its streams") {
    Peers peers;
    Sent& sent = peers.get();
    peers.output();
    peers.receive(frames::data(0, "x"));
    peers.output();
    CHECK(contains(sent.text(), "protocol: the answer is not HTTP/2"));
    CHECK(peers.session.is_dead());
}

TEST_CASE("an answer in HTTP/1.1 says what to do") {
    for (const auto* first : {"HTTP/1.1 400 Bad Request\r\n\r\n", "H"}) {  // what came first of it
        H2Session session({}, start);
        session.receive(first, start);
        CHECK(session.is_dead());
    }
}

TEST_CASE("a body goes through small windows in frames worth their head") {
    Peers peers;
    Sent& sent = peers.post(std::string(100'000, 'x'));
    std::string out = peers.output();
    CHECK(sizes_of(data_frame, out) ==
          std::vector<std::size_t>(3, 16384));  // 16383 bytes of the window of 65535 are left
    for (int i = 0; i < 3000; ++i) {
        peers.receive(frames::window_update(1, 8) + frames::window_update(0, 8));
        out = peers.output();
        for (const std::size_t size : sizes_of(data_frame, out)) CHECK(size == 16384);
    }
    peers.receive(frames::window_update(1, 100'000) + frames::window_update(0, 100'000));
    peers.output();
    CHECK(sent.record.phase == Phase::waiting);
    peers.receive(frames::answer(1));
    CHECK(sent.text() == "200 hi");
}

TEST_CASE("a window smaller than a frame is used when half of it is free") {
    CHECK(is_worth_a_frame(8, 8, 65535));
    CHECK_FALSE(is_worth_a_frame(8, 9, 65535));
    CHECK(is_worth_a_frame(16384, 1'000'000, 65535));
    CHECK(is_worth_a_frame(500, 1'000'000, 1000));
    CHECK_FALSE(is_worth_a_frame(499, 1'000'000, 1000));
}

TEST_CASE("windows are opened again when half of them is used, and not for small answers") {
    Peers peers;
    peers.receive(frames::settings_ack());  // until then, the windows are those of the standard
    constexpr std::size_t frame = 16 * 1024, half_of_stream = 2 * 1024 * 1024, half_of_connection = 32 * 1024 * 1024;
    std::string sent;
    for (std::uint32_t stream = 1; stream < 200; stream += 2) {
        peers.get();
        peers.output();
        peers.receive(frames::answer(stream));
        sent += peers.output();
    }
    CHECK(sizes_of(window_update_frame, sent).empty());
    BodyMemory memory(10 * half_of_connection);
    const ExchangeRules rules{peers.limits, memory, Decoding::on, 1h};
    const ExchangeBounds bounds{rules, start + 1h};
    std::deque<Sent> large;
    std::size_t updates = 0;
    for (std::size_t got = 0; got < half_of_connection; got += frame) {
        const auto stream = static_cast<std::uint32_t>(201 + 2 * (got / half_of_stream));
        if (got % half_of_stream == 0) {
            large.emplace_back(Request("GET", "https://a.example/x"), bounds);
            peers.session.open(large.back().stream, peers.defaults, start);
            peers.output();
            peers.receive(frames::head(stream));
        }
        peers.receive(frames::data(stream, std::string(frame, 'x')));
        updates += sizes_of(window_update_frame, peers.output()).size();
    }
    CHECK(updates == half_of_connection / half_of_stream + 1);
    for (Sent& each : large) peers.session.leave(each.stream);
}

TEST_CASE("a body that goes to a file holds no memory, and is acknowledged once it is written") {
    std::string folder = std::filesystem::temp_directory_path() / "plait-test-XXXXXX";
    REQUIRE(::mkdtemp(folder.data()));
    Peers peers;
    peers.receive(frames::settings_ack());  // until then, the windows are those of the standard
    BodyMemory memory(100'000, BodyFolder{folder, 1000});
    const ExchangeRules rules{peers.limits, memory, Decoding::on, 1h};
    const ExchangeBounds bounds{rules, start + 1h};
    Sent sent(Request("GET", "https://a.example/x"), bounds);
    peers.session.open(sent.stream, peers.defaults, start);
    peers.output();
    peers.receive(frames::head(1));
    std::size_t size = 0;
    std::string said;
    while (said.empty()) {
        peers.receive(frames::data(1, std::string(16 * 1024, 'x')));
        size += 16 * 1024;
        REQUIRE(sent.record.response->saved_body);
        CHECK(sent.record.response->saved_body->size() == size);
        CHECK(memory.held() == 0);
        said = peers.output();
    }
    CHECK(size == 2 * 1024 * 1024);
    CHECK(said == frames::window_update(1, static_cast<std::uint32_t>(size)));
    peers.session.leave(sent.stream);
    sent.record.response->saved_body.reset();
    std::filesystem::remove(folder);
}

TEST_CASE("a caller that leaves resets its stream, before and after it was sent") {
    Peers peers;
    Sent& unsent = peers.get();
    peers.session.leave(unsent.stream);
    peers.output();
    CHECK(peers.session.open_streams() == 0);
    Sent& sent = peers.get();
    peers.output();
    peers.session.leave(sent.stream);
    CHECK(contains(peers.output(), frames::reset(3, frames::cancel)));
    peers.receive(frames::answer(3));
    CHECK(peers.session.open_streams() == 0);
    CHECK_FALSE(peers.session.is_dead());
}
