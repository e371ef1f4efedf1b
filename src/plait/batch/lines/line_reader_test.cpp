#include "plait/batch/lines/line_reader.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/testing/test_files.hpp"
#include "plait/testing/async_test.hpp"

#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using plait::batch::internal::memory_file;
using plait::batch::internal::Pipe;

namespace {

Task<void> read_into(LineReader& reader, std::vector<std::string>& lines) {
    while (auto line = co_await reader.next()) {
        CHECK(line->number == lines.size() + 1);
        lines.push_back((line->is_cut ? "cut: " : "") + std::string(line->text));
    }
}

std::vector<std::string> lines_of(std::string_view text, std::size_t longest = 100) {
    LineReader reader(memory_file(text), "test", longest);
    std::vector<std::string> lines;
    run(read_into(reader, lines));
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a line ends with LF or CRLF, and the last one also with the file") {
    CHECK(lines_of("") == Lines{});
    CHECK(lines_of("a") == Lines{"a"});
    CHECK(lines_of("a\n") == Lines{"a"});
    CHECK(lines_of("a\r\n\nb\n\n") == Lines{"a", "", "b", ""});
}

TEST_CASE("a line that is too long is cut, and the next one is complete") {
    CHECK(lines_of("12345\n123456\n123456789012\nab", 5) == Lines{"12345", "cut: 123456", "cut: 123456", "ab"});
    CHECK(lines_of("123456789012", 5) == Lines{"cut: 123456"});
    CHECK(lines_of("123456\n", 5) == Lines{"cut: 123456"});
}

TEST_CASE("lines and files longer than the buffer come out unchanged") {
    std::string text;
    Lines expected;
    for (std::size_t i = 0; i < 60; ++i) {
        expected.push_back(std::string(i * i * 61 % 150'000, static_cast<char>('a' + i % 26)));
        text += expected.back() + "\n";
    }
    CHECK(lines_of(text, 150'000) == expected);
}

ASYNC_TEST("a line may arrive in parts through a pipe") {
    Pipe pipe;
    LineReader reader(std::move(pipe.read_end), "test");
    Lines lines;
    TaskGroup group;
    group.start(read_into, std::ref(reader), std::ref(lines));
    co_await yield();
    pipe.write("one\ntw");
    while (lines.empty()) co_await yield();
    CHECK(lines == Lines{"one"});
    pipe.write("o\nthree");
    pipe.write_end.reset();
    co_await group.join();
    CHECK(lines == Lines{"one", "two", "three"});
    CHECK_FALSE(reader.count_lines());
}

ASYNC_TEST("counting the lines of a file does not disturb its reader") {
    LineReader reader(memory_file("a\n\nb\n \r\n # comment\nc # no comment"), "test");
    const auto first = co_await reader.next();
    CHECK(reader.count_lines() == 3);
    CHECK(first->text == "a");
    const auto second = co_await reader.next();
    CHECK(second->text.empty());
    const auto third = co_await reader.next();
    CHECK(third->text == "b");
}

ASYNC_TEST("an input that can't be read is an error with the input's name") {
    Pipe pipe;
    LineReader reader(std::move(pipe.write_end), "requests.jsonl");
    try {
        co_await reader.next();
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::storage);
        CHECK(std::string(error.what()) == "read requests.jsonl: Bad file descriptor");
    }
}
