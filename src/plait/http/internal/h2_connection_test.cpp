#include "plait/http/internal/h2_connection.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/http/internal/h2_frames.hpp"
#include "plait/http/transfer/internal/body_writer.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/memory_stream.hpp"

#include <cstdlib>
#include <filesystem>

using namespace plait;
using namespace plait::http;
using namespace plait::http::internal;
using namespace std::chrono_literals;

namespace {

/// A client's connection and the server's end, whose frames are made by hand.
class Peers {
  public:
    explicit Peers(testing::MemoryStreamOptions options = {}) : Peers(testing::memory_streams(options)) {}

    /// Makes an exchange, and returns what came of it.
    Task<std::string> call(Request request, Duration limit = 1h, Duration idle = 1h) {
        const ExchangeRules rules{limits, memory, Decoding::on, idle};
        ExchangeTerms terms(request, {rules, now() + limit});
        terms.defaults = &defaults;
        const ExchangeRecord& record = terms.record;
        std::string text;
        try {
            co_await client->exchange(terms);
            text = std::to_string(record.response->status) + " " + record.response->body;
        } catch (const Error& error) {
            text = std::string(to_string(error.code())) + ": " + error.what();
        }
        if (record.met_silence) text += " (in silence)";
        if (!record.any_byte_sent) text += " (unsent)";
        co_return text;
    }
    Task<void> call_into(Request request, std::string& text, Duration limit = 1h, Duration idle = 1h) {
        text = co_await call(std::move(request), limit, idle);
    }

    void say(std::string_view bytes) { REQUIRE(server->try_write(std::as_bytes(std::span(bytes))) == bytes.size()); }

    Limits limits;
    BodyMemory memory{10'000'000};
    Headers defaults;
    testing::MemoryStream* client_end;
    std::unique_ptr<testing::MemoryStream> server;
    std::unique_ptr<H2Connection> client;

  private:
    explicit Peers(std::pair<std::unique_ptr<testing::MemoryStream>, std::unique_ptr<testing::MemoryStream>> ends)
        : client_end(ends.first.get()),
          server(std::move(ends.second)),
          client(std::make_unique<H2Connection>(std::move(ends.first), H2ConnectionOptions(), now())) {
        say(frames::settings());
    }
};

Request get(std::string_view url = "https://a.example/x") { return Request("GET", url); }

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// How many frames of this type are in what the client has written.
std::size_t count_frames(std::string bytes, std::uint8_t type) {
    constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    REQUIRE(bytes.starts_with(preface));
    std::string_view rest = std::string_view(bytes).substr(preface.size());
    std::size_t count = 0;
    while (rest.size() >= 9) {
        const auto byte = [&](std::size_t at) {
            return static_cast<std::size_t>(static_cast<unsigned char>(rest[at]));
        };
        if (byte(3) == type) ++count;
        rest.remove_prefix(std::min(rest.size(), 9 + (byte(0) << 16 | byte(1) << 8 | byte(2))));
    }
    return count;
}

constexpr std::uint8_t headers_frame = 1, reset_frame = 3, ping_frame = 6, goaway_frame = 7;

/// A disk that takes as long as the test likes.
class GatedWriter final : public BodyWriter {
  public:
    Task<void> write(const Response& response, TimePoint) override {
        ++begun;
        response.saved_body->take_block();
        co_await gate.wait();
    }

    Event gate{trace::Wait::event};
    int begun = 0;
};

/// Makes an exchange whose body goes to a file, and returns its size.
Task<void> save_into(Peers& peers, BodyMemory& memory, BodyWriter& writer, std::uint64_t& size) {
    const Request request = get();
    const ExchangeRules rules{peers.limits, memory, Decoding::on, 1h, {}, &writer};
    ExchangeTerms terms(request, {rules, now() + 1h});
    terms.defaults = &peers.defaults;
    co_await peers.client->exchange(terms);
    size = body_size(*terms.record.response);
}

/// Sends parts of an answer's body, each when the one before may have been read.
Task<void> send_parts(Peers& peers, std::uint32_t stream, int parts) {
    for (int i = 0; i < parts; ++i) {
        peers.say(frames::data(stream, std::string(16 * 1024, 'x')));
        co_await sleep_for(1ms);
    }
}

}  // namespace

ASYNC_TEST("a call is answered") {
    Peers peers;
    std::string text;
    TaskGroup group;
    group.start(peers.call_into(get(), text));
    co_await sleep_for(1ms);
    peers.say(frames::answer(1));
    co_await group.join();
    CHECK(text == "200 hi");
}

ASYNC_TEST("calls share the connection, and each gets its own answer") {
    Peers peers;
    std::string texts[3];
    TaskGroup group;
    for (std::string& text : texts) group.start(peers.call_into(get(), text));
    co_await sleep_for(1ms);
    CHECK(count_frames(peers.client_end->written(), headers_frame) == 3);
    peers.say(frames::answer(3, "b"));
    co_await sleep_for(1ms);
    CHECK(texts[1] == "200 b");
    peers.say(frames::answer(1, "a") + frames::answer(5, "c"));
    co_await group.join();
    CHECK(texts[0] == "200 a");
    CHECK(texts[2] == "200 c");
}

ASYNC_TEST("a call that waits for the disk leaves the reading to others, until its body is far ahead of the disk") {
    std::string folder = std::filesystem::temp_directory_path() / "plait-test-XXXXXX";
    REQUIRE(::mkdtemp(folder.data()));
    {
        BodyMemory memory(1'000'000, BodyFolder{folder, 1000});
        GatedWriter disk;
        Peers peers;
        std::uint64_t size = 0;
        std::string early, late;
        TaskGroup group;
        group.start(save_into(peers, memory, disk, size));
        co_await sleep_for(1ms);
        peers.say(frames::settings_ack() + frames::head(1));
        constexpr int parts_of_block = SavedBody::block_bytes / (16 * 1024);
        co_await send_parts(peers, 1, parts_of_block);
        CHECK(disk.begun == 1);

        group.start(peers.call_into(get(), early));
        co_await sleep_for(1ms);
        peers.say(frames::answer(3));
        co_await sleep_for(1ms);
        CHECK(early == "200 hi");

        group.start(peers.call_into(get(), late));
        co_await sleep_for(1ms);
        constexpr int parts_ahead = SavedBody::most_pending / 2 / (16 * 1024);
        co_await send_parts(peers, 1, parts_ahead);
        peers.say(frames::answer(5));
        co_await sleep_for(1ms);
        CHECK(late.empty());
        CHECK(disk.begun == 1);

        disk.gate.set();
        peers.say(frames::data(1, "", frames::end_stream));
        co_await group.join();
        CHECK(late == "200 hi");
        CHECK(size == (parts_of_block + parts_ahead) * 16 * 1024);
    }
    std::filesystem::remove(folder);
}

ASYNC_TEST("after a failed write, everything that the server said before it closed counts") {
    testing::MemoryStreamOptions small_reads;
    small_reads.largest_read = 8;
    Peers peers(small_reads);
    std::string texts[2];
    TaskGroup group;
    group.start(peers.call_into(get(), texts[0]));
    co_await sleep_for(1ms);
    peers.say(frames::answer(1, std::string(10'000, 'x')) + frames::goaway(1, 0));
    peers.server.reset();
    group.start(peers.call_into(get(), texts[1]));
    co_await group.join();
    CHECK(texts[0] == "200 " + std::string(10'000, 'x'));
    CHECK(contains(texts[1], "has not processed this one"));
}

ASYNC_TEST("a connection that is closed says goodbye") {
    Peers peers;
    std::string text;
    TaskGroup group;
    group.start(peers.call_into(get(), text));
    co_await sleep_for(1ms);
    peers.say(frames::answer(1));
    co_await group.join();
    CHECK(count_frames(peers.client_end->written(), goaway_frame) == 0);
    peers.client.reset();
    const std::string said = co_await testing::read_until(*peers.server, "never");
    CHECK(said.ends_with(frames::goaway(0, 0)));
}

ASYNC_TEST("a call whose time is up resets its stream, and the others go on") {
    Peers peers;
    std::string texts[3];
    TaskGroup group;
    group.start(peers.call_into(get(), texts[0], 1s));  // it reads for all
    group.start(peers.call_into(get(), texts[1], 2s));
    group.start(peers.call_into(get(), texts[2]));
    co_await sleep_for(3s);
    CHECK(texts[0] == "timeout: the attempt ran out of time");
    CHECK(texts[1] == "timeout: the attempt ran out of time");
    CHECK(count_frames(peers.client_end->written(), reset_frame) == 2);
    peers.say(frames::answer(5));
    co_await group.join();
    CHECK(texts[2] == "200 hi");
}

ASYNC_TEST("a call whose time is up does not read on for the others as long as they have answers") {
    Peers peers(testing::MemoryStreamOptions{.largest_read = 1});
    std::string texts[2];
    TaskGroup late, other;
    other.start(peers.call_into(get(), texts[1]));
    late.start(peers.call_into(get(), texts[0], 0s));  // reads: the first one writes for both meanwhile
    peers.say(frames::head(1) + frames::data(1, std::string(10'000, 'x'), frames::end_stream));
    co_await late.join();
    CHECK(contains(texts[0], "timeout: the attempt ran out of time"));
    CHECK(texts[1].empty());
    co_await other.join();
    CHECK(texts[1].size() == 10'004);
}

ASYNC_TEST("a call may be cancelled at any time, and the others go on") {
    Peers peers;
    std::string texts[2];
    TaskGroup group;
    group.start(peers.call_into(get(), texts[1]));
    {
        TaskGroup cancelled;
        cancelled.start(peers.call_into(get(), texts[0]));
        co_await yield();
        cancelled.cancel();
        co_await cancelled.join();
    }
    co_await sleep_for(1ms);
    CHECK(texts[0].empty());
    peers.say(frames::answer(1) + frames::answer(3));
    co_await group.join();
    CHECK(texts[1] == "200 hi");
}

ASYNC_TEST("silence on a stream has a limit of its own") {
    Peers peers;
    std::string text;
    TaskGroup group;
    group.start(peers.call_into(get(), text, 1h, 10s));
    co_await sleep_for(8s);
    peers.say(frames::head(1) + frames::data(1, "a"));
    co_await sleep_for(8s);
    CHECK(text.empty());
    co_await group.join();
    CHECK(text == "timeout: no byte came for 10 s");
}

ASYNC_TEST("the end of the connection ends all its calls") {
    Peers peers;
    std::string texts[2];
    TaskGroup group;
    for (std::string& text : texts) group.start(peers.call_into(get(), text));
    co_await sleep_for(1ms);
    peers.say(frames::head(3) + frames::data(3, "abc"));
    peers.server.reset();
    co_await group.join();
    CHECK(texts[0] == "reset: the server closed the connection without an answer");
    CHECK(contains(texts[1], "after 3 bytes of the body"));
    CHECK(peers.client->session().is_dead());
}

ASYNC_TEST("a goodbye that comes with the end counts before the end") {
    Peers peers;
    std::string texts[2];
    TaskGroup group;
    for (std::string& text : texts) group.start(peers.call_into(get(), text));
    co_await sleep_for(1ms);
    peers.say(frames::answer(1) + frames::goaway(1, frames::no_error));
    peers.server.reset();
    co_await group.join();
    CHECK(texts[0] == "200 hi");
    CHECK(contains(texts[1], "has not processed this one"));
}

ASYNC_TEST("a silent server is asked for a sign of life, and given up without one") {
    Peers peers;
    std::string text;
    TaskGroup group;
    group.start(peers.call_into(get(), text));
    co_await sleep_for(31s);
    CHECK(count_frames(peers.client_end->written(), ping_frame) == 1);
    co_await group.join();
    CHECK(text == "reset: the server was silent for 90 s and answered no PING");
}

ASYNC_TEST("a server that thinks for long and answers the PING is waited for") {
    Peers peers;
    std::string text;
    TaskGroup group;
    group.start(peers.call_into(get(), text));
    for (int i = 0; i < 20; ++i) {
        co_await sleep_for(31s);
        peers.say(frames::frame(6, frames::ack, 0, std::string(8, '\0')));
    }
    peers.say(frames::answer(1));
    co_await group.join();
    CHECK(text == "200 hi");
}

ASYNC_TEST("a kept connection that had ended is known by its silence") {
    Peers peers;
    std::string text;
    {
        TaskGroup group;
        group.start(peers.call_into(get(), text));
        co_await sleep_for(1ms);
        peers.say(frames::answer(1));
        co_await group.join();
    }
    CHECK(peers.client->look());
    TaskGroup group;
    group.start(peers.call_into(get(), text));
    co_await sleep_for(1ms);
    peers.server.reset();
    co_await group.join();
    CHECK(text == "reset: the server closed the connection without an answer (in silence)");
    CHECK_FALSE(peers.client->look());
}

ASYNC_TEST("looking at an idle connection finds a goodbye") {
    Peers peers;
    peers.say(frames::goaway(0, frames::no_error));
    CHECK_FALSE(peers.client->look());
    co_return;
}

ASYNC_TEST("a large upload waits for room, and other calls are not in its way") {
    testing::MemoryStreamOptions narrow;
    narrow.capacity = 4096;
    Peers peers(narrow);
    std::string texts[2];
    Request upload("POST", "https://a.example/x");
    upload.body = std::string(60'000, 'x');
    TaskGroup group;
    group.start(peers.call_into(std::move(upload), texts[0]));
    group.start(peers.call_into(get(), texts[1]));
    std::string got;
    std::array<std::byte, 1000> buffer;
    while (got.size() < 60'000) {
        const std::size_t size = co_await read_some(*peers.server, buffer);
        got.append(reinterpret_cast<const char*>(buffer.data()), size);
    }
    peers.say(frames::answer(3, "b") + frames::answer(1, "a"));
    co_await group.join();
    CHECK(texts[0] == "200 a");
    CHECK(texts[1] == "200 b");
}

ASYNC_TEST("a body of many frames arrives while other answers wait") {
    Peers peers;
    std::string texts[2];
    TaskGroup group;
    for (std::string& text : texts) group.start(peers.call_into(get(), text));
    co_await sleep_for(1ms);
    peers.say(frames::head(1) + frames::head(3));
    for (int i = 0; i < 100; ++i) {
        co_await testing::write_text(*peers.server, frames::data(1, std::string(10'000, 'x')));
        co_await yield();
    }
    peers.say(frames::data(1, "", frames::end_stream) + frames::data(3, "b", frames::end_stream));
    co_await group.join();
    CHECK(texts[0].size() == 1'000'004);
    CHECK(texts[1] == "200 b");
}
