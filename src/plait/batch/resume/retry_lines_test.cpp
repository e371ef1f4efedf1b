#include "plait/batch/resume/retry_lines.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/testing/fakes.hpp"
#include "plait/batch/testing/test_files.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace plait;
using namespace plait::batch;
using plait::batch::internal::memory_file;
using plait::batch::internal::MemorySink;

namespace {

std::string copied(std::string_view text, const std::vector<std::uint64_t>& wanted, std::size_t longest = 1000) {
    LineReader requests(memory_file(text), "requests", longest);
    LineSet lines;
    for (const std::uint64_t line : wanted) lines.add(line);
    MemorySink sink;
    sink.open();
    run(copy_requests(requests, lines, sink));
    return sink.text;
}

}  // namespace

TEST_CASE("a request without an id gets the one that it had, and is otherwise unchanged") {
    CHECK(copied(R"({"url":"http://a.b", "x-a": 1.0})", {1}) ==
          "{\"custom_id\":\"line-1\",\"url\":\"http://a.b\", \"x-a\": 1.0}\n");
    CHECK(copied("\n { }\r\n", {2}) == "{\"custom_id\":\"line-2\" }\n");
    CHECK(copied(R"({"url":"http://a.b","custom_id": null})", {1}) ==
          "{\"url\":\"http://a.b\",\"custom_id\": \"line-1\"}\n");
}

TEST_CASE("a request with an id is copied as it is") {
    const std::string line = "{\"body\":{\"custom_id\":null},\"custom_id\":\"a\",\"url\":\"http://a.b\"}\n";
    CHECK(copied(line, {1}) == line);
}

TEST_CASE("a request of Gemini's gets its id as a key") {
    LineReader requests(memory_file("{\"request\":{}}\n{\"key\":\"a\",\"request\":{}}\n"), "requests");
    LineSet lines;
    lines.add(1);
    lines.add(2);
    MemorySink sink;
    sink.open();
    CHECK(run(copy_requests(requests, lines, sink, BatchFormat::gemini)) == 2);
    CHECK(sink.text == "{\"key\":\"line-1\",\"request\":{}}\n{\"key\":\"a\",\"request\":{}}\n");
}

TEST_CASE("a URL becomes JSON") {
    CHECK(copied("http://a.b/1\n\n http://a.b/\"2\" \nhttp://a.b/3", {3, 4}) ==
          "{\"custom_id\":\"line-3\",\"url\":\"http://a.b/\\\"2\\\"\"}\n{\"custom_id\":\"line-4\",\"url\":\"http://a.b/"
          "3\"}\n");
}

TEST_CASE("the first line decides the format, even if it is not copied") {
    CHECK(copied("# comment\n{\"url\":\"http://a.b\"}\n", {2}) ==
          "{\"custom_id\":\"line-2\",\"url\":\"http://a.b\"}\n");
    CHECK(copied("\xef\xbb\xbf{\"url\":\"http://a.b\"}\n{\"url\":1}\n", {2}) ==
          "{\"custom_id\":\"line-2\",\"url\":1}\n");
}

TEST_CASE("an invalid request is copied unchanged") {
    CHECK(copied("{\"url\":1}\nhello\n{\"url\"\n", {2, 3}) == "hello\n{\"url\"\n");
}

TEST_CASE("a line that is too long for a request can't be copied") {
    CHECK_THROWS_AS(copied("http://a.b\nhttp://" + std::string(100, 'x'), {2}, 50), Error);
}
