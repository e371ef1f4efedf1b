#include "plait/compare/table.hpp"

#include "plait/compare/measure/internal/made_up_rows.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::compare;
using namespace plait::compare::internal;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::size_t widest(const std::string& text) {
    std::size_t width = 0;
    for (const std::string& line : lines_of(text)) width = std::max(width, line.size());
    return width;
}

}  // namespace

TEST_CASE("the table has a heading with units and a line for each row") {
    const auto lines = lines_of(table(calls_of_90_ms(), 160));
    REQUIRE(lines.size() == 6);
    CHECK(lines[0] == "           scheduled     CPUs               in  wall  times  calls   p50   p99  peak  waits");
    CHECK(lines[1] == "method     by         busy/on  workers  flight     s   sync     /s    ms    ms   MiB      %");
    CHECK(lines[2] == "sync       none       0.001/1        1       1  14.4   1.00   11.1  90.0  90.0  8.00   99.9");
    CHECK(lines[4] == "async      the task    0.16/1        1     100  0.18   78.0  864.9  92.0  92.0  8.00   99.8");
}

TEST_CASE("the table of all columns fits into 80 columns") {
    const auto text = table(calls_of_90_ms(), 80);
    CHECK(widest(text) <= 80);
    for (const char* heading :
         {"scheduled", "busy/on", "workers", "flight", "wall", "times", "/s", "p50", "p99", "peak", "waits"}) {
        CHECK(text.find(heading) != std::string::npos);
    }
}

TEST_CASE("a narrow table keeps the most important columns, and fits") {
    for (std::size_t columns = 44; columns < 160; ++columns) {
        const auto text = table(calls_of_90_ms(), columns);
        CHECK(widest(text) <= columns);
        for (const char* heading : {"method", "wall", "times", "/s"}) CHECK(text.find(heading) != std::string::npos);
    }
    CHECK(table(calls_of_90_ms(), 44).find("peak") == std::string::npos);
    CHECK(lines_of(table(calls_of_90_ms(), 1)).front().empty());
}

TEST_CASE("outcomes are shown when some are not ok") {
    Comparison comparison = calls_of_90_ms();
    CHECK(table(comparison, 80).find("outcomes") == std::string::npos);
    refuse(comparison.rows[2], 60);
    const std::string text = table(comparison, 80);
    CHECK(text.find("outcomes") != std::string::npos);
    CHECK(text.find(" 100 ok, 60 rejected\n") != std::string::npos);
    CHECK(widest(text) <= 80);
}

TEST_CASE("without sync there is no speed-up, and without answers there is a dash") {
    Comparison comparison = calls_of_90_ms();
    comparison.rows.erase(comparison.rows.begin());
    comparison.rows.front().measured.p50.reset();
    const std::string text = table(comparison, 160);
    CHECK(lines_of(text)[2].find(" -") != std::string::npos);
    CHECK(lines_of(text)[1].find("sync") == std::string::npos);
}

TEST_CASE("Python's rows are listed under its version") {
    Comparison comparison = calls_of_90_ms();
    comparison.work = "fib:20";
    comparison.python_version = "3.11.2";
    comparison.rows.emplace_back(Way("python", "asyncio", batch::Scheduling::task, 1), comparison.rows[0].measured);
    const auto lines = lines_of(table(comparison, 100));
    REQUIRE(lines.size() == 8);
    CHECK(lines[6] == "in Python 3.11.2");
    CHECK(lines[7].starts_with("asyncio"));
    CHECK(lines[0].find("jobs") != std::string::npos);
}

TEST_CASE("advice is wrapped at blanks") {
    CHECK(wrapped("one two three", 7) == "one two\nthree\n");
    CHECK(wrapped("unbreakable", 4) == "unbreakable\n");
    CHECK(wrapped("a unbreakable", 4) == "a\nunbreakable\n");
}
