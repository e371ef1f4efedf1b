#include "plait/compare/jobs/python.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

using namespace plait;
using namespace plait::compare;
using namespace std::chrono_literals;

TEST_CASE("a measurement of Python is read") {
    const auto result = read_python_line("plait-python 3.11.2 1 2.5 2.25 2.0 0.25 0.5 0.75 1048576 2 6765", 4);
    REQUIRE(result);
    CHECK(result->version == "3.11.2");
    CHECK(result->measured.wall == 2500ms);
    CHECK(result->measured.cpu == 2250ms);
    CHECK(result->measured.in_calls == 2s);
    CHECK(result->measured.ready == 250ms);
    CHECK(*result->measured.p50 == 500ms);
    CHECK(*result->measured.p99 == 750ms);
    CHECK(result->measured.peak_bytes == 1048576);
    CHECK(result->measured.processors == 2);
    CHECK(result->has_lock);
    CHECK_FALSE(read_python_line("plait-python 3.14.2 0 2.5 2.25 2.0 0.25 0.5 0.75 1048576 2 6765", 4)->has_lock);
    CHECK(result->measured.answer == "6765");
    CHECK(result->measured.done == 4);
}

TEST_CASE("what came of calls stands in the place of an answer") {
    const std::string_view figures = "plait-python 3.11.2 1 2.5 2.25 2.0 0 0.5 0.75 1048576 2 ";
    const auto read = [&](const std::string& told) { return read_python_line(std::string(figures) + told, 10); };
    const auto result = read("calls:4,3,2,1,3");
    REQUIRE(result);
    CHECK(result->measured.outcomes == std::array<std::uint64_t, batch::outcome_count>{4, 3, 2, 1, 0});
    CHECK(result->measured.refused == 3);
    CHECK(result->measured.answer.empty());
    CHECK(*result->measured.p50 == 500ms);
    CHECK_FALSE(read("calls:0,0,9,1,0")->measured.p50);  // none was answered
    for (const char* told :
         {"calls:", "calls:4", "calls:4,3,2,1", "calls:4,3,2,1,x", "calls:4,3,2,1,3,5", "calls:4;3;2;1;3"}) {
        CAPTURE(told);
        CHECK_FALSE(read(told));
    }
}

TEST_CASE("a line that is not a measurement of Python is refused") {
    CHECK_FALSE(read_python_line("", 4));
    CHECK_FALSE(read_python_line("hello", 4));
    CHECK_FALSE(read_python_line("plait-python 3.11.2 1 2.5 2.25 2.0 0.25 0.5 0.75 1048576 2", 4));
    CHECK_FALSE(read_python_line("plait-python 3.11.2 1 2.5 2.25 2.0 0.25 0.5 0.75 1048576 2 6765 more", 4));
    CHECK_FALSE(read_python_line("other 3.11.2 1 2.5 2.25 2.0 0.25 0.5 0.75 1048576 2 6765", 4));
    CHECK_FALSE(read_python_line("plait-python 3.11.2 1 -1 2.25 2.0 0.25 0.5 0.75 1048576 2 6765", 4));
    CHECK_FALSE(read_python_line("plait-python 3.11.2 1 nan 2.25 2.0 0.25 0.5 0.75 1048576 2 6765", 4));
    CHECK_FALSE(read_python_line("plait-python 3.11.2 1 1e300 2.25 2.0 0.25 0.5 0.75 1048576 2 6765", 4));
}

TEST_CASE("Python's time limit is in proportion to our own time") {
    CHECK(python_limit(0s) == 1min);
    CHECK(python_limit(2s) == 11min);
}
