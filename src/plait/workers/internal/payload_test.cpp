#include "plait/workers/internal/payload.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cerrno>
#include <random>

using namespace plait::internal;

namespace {
void write(PayloadWriter& writer, std::string_view bytes) {
    writer.sputn(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}
}  // namespace

TEST_CASE("a few bytes travel in a string") {
    PayloadWriter writer;
    write(writer, "some");
    writer.sputc('!');
    CHECK(writer.is_small());
    CHECK(writer.size() == 5);
    Payload payload = writer.take();
    CHECK_FALSE(payload.file());
    CHECK(payload.bytes() == "some!");
    CHECK(writer.size() == 0);
}

TEST_CASE("a buffer of 64 MiB travels as a file that nobody can change") {
    const std::string large(64 << 20, 'x');
    PayloadWriter writer;
    write(writer, "head");
    write(writer, large);
    write(writer, "tail");
    CHECK_FALSE(writer.is_small());
    CHECK(writer.size() == large.size() + 8);
    Payload payload = writer.take();
    REQUIRE(payload.file());
    CHECK(payload.few().empty());
    CHECK(payload.bytes().size() == large.size() + 8);
    CHECK(payload.bytes().substr(0, 5) == "headx");
    CHECK(payload.bytes().substr(large.size() + 3) == "xtail");
    CHECK(::pwrite(payload.file().get(), "y", 1, 0) == -1);
    CHECK(errno == EPERM);
}

TEST_CASE("bytes keep their order however many are written at a time") {
    std::minstd_rand random(3);
    for (int round = 0; round < 20; ++round) {
        PayloadWriter writer;
        std::string all;
        for (int part = 0; part < 20; ++part) {
            const std::string bytes(random() % (round % 2 ? 200'000 : 5'000), static_cast<char>('a' + part));
            write(writer, bytes);
            all += bytes;
        }
        CHECK(writer.size() == all.size());
        Payload payload = writer.take();
        CHECK(payload.bytes() == all);
    }
}

TEST_CASE("a writer can be used again after clear") {
    PayloadWriter writer;
    write(writer, std::string(100'000, 'x'));
    writer.clear();
    CHECK(writer.is_small());
    write(writer, "new");
    CHECK(writer.take().bytes() == "new");
}
