#include "plait/batch/lines/input_bytes.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/testing/test_files.hpp"
#include "plait/coding/encoder.hpp"
#include "plait/testing/async_test.hpp"

#include <functional>
#include <string>
#include <utility>

using namespace plait;
using namespace plait::batch;
using namespace std::string_literals;
using plait::batch::internal::memory_file;
using plait::batch::internal::Pipe;

namespace {

std::string gzip_of(std::string_view text) { return coding::encode(coding::Coding::gzip, text); }
std::string zstd_of(std::string_view text) { return coding::encode(coding::Coding::zstd, text); }

Task<void> read_into(InputBytes& bytes, std::string& text, std::size_t most) {
    std::string room(most, '\0');
    while (const std::size_t got = co_await bytes.read(room)) text.append(room, 0, got);
}

std::string all_of(std::string_view file, std::size_t most = 1000) {
    InputBytes bytes(memory_file(file), "requests");
    std::string text;
    run(read_into(bytes, text, most));
    return text;
}

std::string refusal_of(std::string_view file) {
    try {
        all_of(file);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return "not refused";
}

Task<void> write_bytes(Pipe& pipe, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        pipe.write(text.substr(i, 1));
        co_await yield();
    }
    pipe.write_end.reset();
}

/// Text that compresses well, and text that does not.
std::string long_text() {
    std::string text;
    std::uint32_t state = 1;
    for (int n = 0; n < 40'000; ++n) {
        state = state * 1664525 + 1013904223;
        text += n % 3 == 0 ? "{\"url\":\"https://api.example/\"}\n"s : std::string(1, static_cast<char>(state >> 24));
    }
    return text;
}

}  // namespace

TEST_CASE("plain data is read as it is") {
    for (const auto& text : {""s, "a"s, "\n"s, "PK"s, "\x1f"s, "http://a.b\n"s, "{\"url\":1}"s})
        CHECK(all_of(text) == text);
}

TEST_CASE("compressed data is recognised by its content and decompressed") {
    const std::string text = long_text();
    for (const auto& pack :
         {+[](std::string_view part) { return gzip_of(part); }, +[](std::string_view part) { return zstd_of(part); }}) {
        for (const std::size_t most : {1000u, 100'000u}) CHECK(all_of(pack(text), most) == text);
        CHECK(all_of(pack("")).empty());
        CHECK(all_of(pack("one\n") + pack("") + pack("two\n"), 1) == "one\ntwo\n");
    }
}

TEST_CASE("nothing but zeros may follow gzip data") {
    CHECK(all_of(gzip_of("a") + std::string(300'000, '\0')) == "a");
    CHECK(refusal_of(gzip_of("a") + "\0b"s) == "requests can't be decompressed: something else follows its gzip data");
    CHECK(refusal_of(gzip_of("a") + "bc") ==
          "requests can't be decompressed: its gzip data is damaged (incorrect header check)");
}

TEST_CASE("skippable zstd frames are skipped") {
    const std::string skipped = "\x50\x2a\x4d\x18\x03\0\0\0abc"s;
    CHECK(all_of(skipped + zstd_of("a") + skipped) == "a");
}

TEST_CASE("compressed data that is cut short anywhere is an error") {
    const std::string text = "{\"url\":\"https://api.example/\"}\n";
    for (const std::string& packed : {gzip_of(text), zstd_of(text), gzip_of(text) + gzip_of(text)}) {
        for (std::size_t size = 4; size < packed.size(); ++size) {
            if (size * 2 == packed.size()) continue;  // the first of two members
            CHECK(refusal_of(packed.substr(0, size)) == "requests can't be decompressed: it is truncated");
        }
    }
}

TEST_CASE("damaged compressed data is an error") {
    for (std::string packed : {gzip_of(long_text()), zstd_of(long_text())}) {
        packed[packed.size() - 6] ^= 1;
        CHECK(refusal_of(packed).starts_with("requests can't be decompressed: its "));
    }
}

TEST_CASE("zstd data may need a window of 128 MiB, and no larger one") {
    // A frame with one uncompressed block, and windows of 2 to the power of 10 + 17 and of 10 + 18.
    const auto frame = [](char exponent) {
        return "\x28\xb5\x2f\xfd\0"s + static_cast<char>(exponent << 3) + "\x09\0\0a"s;
    };
    CHECK(all_of(frame(17)) == "a");
    CHECK(
        refusal_of(frame(18)).starts_with("requests can't be decompressed: its zstd data needs a window of more than"));
}

TEST_CASE("a file that can't hold requests is refused with advice") {
    for (const auto& text : {"\xff\xfe{\0"s, "\xfe\xff\0{"s, "{\0\"\0"s, "\0h\0t"s})
        CHECK(refusal_of(text) ==
              "requests is UTF-16, and requests are UTF-8: convert it with iconv -f UTF-16 -t UTF-8");
    for (const auto& text : {"\xff\xfe\0\0{\0\0\0"s, "\0\0\xfe\xff\0\0\0{"s, "{\0\0\0"s, "\0\0\0{"s})
        CHECK(refusal_of(text).find("iconv -f UTF-32 -t UTF-8") != std::string::npos);
    CHECK(refusal_of("\xfd"
                     "7zXZ\0..."s) ==
          "requests is compressed by xz, and plait reads gzip and zstd: unpack it with xz -dc");
    CHECK(refusal_of("BZh91AY").find("bzip2 -dc") != std::string::npos);
    CHECK(refusal_of("\x04\x22\x4d\x18...").find("lz4 -dc") != std::string::npos);
    CHECK(refusal_of("PK\x03\x04...").find("a zip archive") != std::string::npos);
}

ASYNC_TEST("a pipe is decompressed, too, however few bytes come at once") {
    for (const std::string& packed : {gzip_of("one\ntwo"), zstd_of("one\ntwo"), "one\ntwo"s}) {
        Pipe pipe;
        InputBytes bytes(std::move(pipe.read_end), "requests");
        std::string text;
        TaskGroup group;
        group.start(read_into, std::ref(bytes), std::ref(text), 3u);
        group.start(write_bytes, std::ref(pipe), std::string_view(packed));
        co_await group.join();
        CHECK(text == "one\ntwo");
        CHECK_FALSE(bytes.again());
    }
}

ASYNC_TEST("a pipe that can't hold requests is refused when it is read") {
    Pipe pipe;
    InputBytes bytes(std::move(pipe.read_end), "standard input");
    pipe.write("\xff\xfe{\0\"\0"s);
    std::string room(10, '\0');
    try {
        co_await bytes.read(room);
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(std::string(error.what()).starts_with("standard input is UTF-16"));
    }
}

ASYNC_TEST("a line of a pipe is not held back to recognise the form") {
    Pipe pipe;
    InputBytes bytes(std::move(pipe.read_end), "standard input");
    pipe.write("a\n");
    std::string room(10, '\0');
    const std::size_t got = co_await bytes.read(room);
    CHECK(room.substr(0, got) == "a\n");
}

TEST_CASE("a compressed file can be read again from its beginning") {
    InputBytes bytes(memory_file(zstd_of("one")), "requests");
    std::string first, second;
    run(read_into(bytes, first, 10));
    std::optional<InputBytes> again = bytes.again();
    REQUIRE(again);
    run(read_into(*again, second, 10));
    CHECK(first + second == "oneone");
    CHECK_FALSE(bytes.plain_file());
}
