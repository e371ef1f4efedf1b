#include "plait/batch/output/results_scan.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/output/result_line.hpp"
#include "plait/batch/testing/test_files.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <vector>

using namespace plait;
using namespace plait::batch;
using plait::batch::internal::memory_file;

namespace {

std::string result(std::string_view id, std::uint64_t line, std::string_view outcome = "ok") {
    return fmt::format(R"({{"custom_id":"{}","line":{},"outcome":"{}","response":null,"metadata":null}})", id, line,
                       outcome) +
           "\n";
}

struct Seen {
    std::vector<std::string> results;
    ResultsEnd end;
};

/// Each result as `id line outcome`.
Seen read(std::string_view text) {
    const UniqueFd file = memory_file(text);
    Seen seen;
    seen.end = for_each_result(file.get(), "results.jsonl", [&](const ResultView& view) {
        seen.results.push_back(fmt::format("{} {} {}", view.custom_id, view.line, to_string(view.outcome)));
    });
    return seen;
}

std::string refusal_of(std::string_view text) {
    try {
        read(text);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return "not refused";
}

using Results = std::vector<std::string>;

}  // namespace

TEST_CASE("the results that a run writes are read back") {
    std::string text;
    ResultLineWriter(ResultFormat()).append(text, BadLine("plain", 1, "no"));
    ResultLineWriter(ResultFormat()).append(text, BadLine("a \"quoted\\ one\"", 20, "no"));
    CHECK(read(text).results == Results{"plain 1 failed", "a \"quoted\\ one\" 20 failed"});
}

TEST_CASE("results in another form are read, too") {
    const std::string text = "{ \"line\": 3, \"outcome\": \"unknown\", \"custom_id\": \"x\" }\r\n";
    const Seen seen = read(text);
    CHECK(seen.results == Results{"x 3 unknown"});
    CHECK(seen.end.whole_bytes == text.size());
}

TEST_CASE("a torn last line is ignored") {
    const std::string whole = result("a", 1) + result("b", 2);
    for (std::size_t size = 1; size < result("c", 3).size(); ++size) {
        const Seen seen = read(whole + result("c", 3).substr(0, size));
        REQUIRE(seen.results == Results{"a 1 ok", "b 2 ok"});
        REQUIRE(seen.end.whole_bytes == whole.size());
        REQUIRE(seen.end.bytes == whole.size() + size);
    }
}

TEST_CASE("zeros at the end, which a power cut can leave, are ignored") {
    const std::string zeros(10'000, '\0');
    const std::string whole = result("a", 1);
    CHECK(read(whole + zeros).end.whole_bytes == whole.size());
    CHECK(read(whole + result("b", 2).substr(0, 60) + zeros + "}\n").end.whole_bytes == whole.size());
    CHECK(read(zeros).end.whole_bytes == 0);
}

TEST_CASE("the error for a line that is not a result names it") {
    CHECK(refusal_of(result("a", 1) + "{\"url\":\"http://a.b\"}\n") == "results.jsonl, line 2: not a result line");
    CHECK(refusal_of("hello\n") == "results.jsonl, line 1: not a result line");
    CHECK(refusal_of("hello") == "results.jsonl, line 1: not a result line");
    CHECK(refusal_of("\n") == "results.jsonl, line 1: not a result line");
    CHECK(refusal_of(result("a", 0)) == "results.jsonl, line 1: not a result line");
    CHECK(refusal_of(result("a", 1, "good")) == "results.jsonl, line 1: not a result line");
    CHECK(refusal_of(result("a", 1) + std::string(9, '\0') + "\n" + result("b", 2)) ==
          "results.jsonl, line 2: not a result line");
}

TEST_CASE("a scan counts, marks lines as done and claims ids") {
    const UniqueFd file = memory_file(result("a", 5) + result("b", 2, "failed") + result("c", 9));
    IdRegister ids;
    const ResultsScan scan = scan_results(file.get(), "results.jsonl", ids);
    CHECK(scan.done.size() == 3);
    CHECK(scan.done.contains(9));
    CHECK_FALSE(scan.done.contains(1));
    CHECK(scan.outcomes[static_cast<std::size_t>(Outcome::ok)] == 2);
    CHECK(scan.outcomes[static_cast<std::size_t>(Outcome::failed)] == 1);
    CHECK(ids.claim("b", 10) == 2);
    CHECK_FALSE(ids.claim("d", 10));
}

TEST_CASE("a line that was refused for its id does not claim it") {
    std::string text;
    ResultLineWriter(ResultFormat()).append(text, BadLine("a", 2, "line 2: custom_id a is that of line 1, too"));
    const UniqueFd file = memory_file(text);
    IdRegister ids;
    CHECK(scan_results(file.get(), "results.jsonl", ids).done.contains(2));
    CHECK_FALSE(ids.claim("a", 1));
}

TEST_CASE("a line longer than any buffer is read whole") {
    const std::string long_line =
        R"({"custom_id":"a","line":1,"outcome":"ok","response":")" + std::string(3'000'000, 'x') + "\"}\n";
    const Seen seen = read(long_line + result("b", 2));
    CHECK(seen.results == Results{"a 1 ok", "b 2 ok"});
    CHECK(seen.end.whole_bytes == seen.end.bytes);
}

namespace {

std::string page_result(std::string_view id, std::uint64_t line, int page, int count, std::string_view outcome = "ok") {
    return fmt::format(R"({{"custom_id":"{}","line":{},"outcome":"{}","page":{},"page_count":{},"id":"x"}})", id, line,
                       outcome, page, count) +
           "\n";
}

ResultsScan scan(std::string_view text) {
    const UniqueFd file = memory_file(text);
    IdRegister ids;
    return scan_results(file.get(), "results.jsonl", ids);
}

}  // namespace

TEST_CASE("the pages of a call are one call, and count as cut off until the last of them") {
    const std::string before = result("a", 1);
    const std::string first = page_result("b", 2, 1, 3), second = page_result("b#2", 2, 2, 3);
    const std::string last = page_result("b#3", 2, 3, 3, "rejected");
    ResultsScan whole = scan(before + first + second + last + result("c", 3) + page_result("d", 4, 1, 1));
    CHECK(whole.done.size() == 4);
    CHECK(whole.outcomes[static_cast<std::size_t>(Outcome::ok)] == 3);
    CHECK(whole.outcomes[static_cast<std::size_t>(Outcome::rejected)] == 1);

    const UniqueFd file = memory_file(before + first + second);
    IdRegister ids;
    scan_results(file.get(), "results.jsonl", ids);
    CHECK(ids.claim("a", 9) == 1);
    CHECK_FALSE(ids.claim("b", 2));  // it can be made again

    for (const std::string& torn : {first, first + second, first + second + last.substr(0, 50)}) {
        const ResultsScan cut = scan(before + torn);
        CHECK(cut.done.size() == 1);
        CHECK(cut.end.whole_bytes == before.size());
        CHECK(cut.end.bytes == before.size() + torn.size());
        CHECK(cut.outcomes[static_cast<std::size_t>(Outcome::ok)] == 1);
    }
}

TEST_CASE("a page that somebody removed is missed") {
    const std::string first = page_result("b", 2, 1, 3), last = page_result("b#3", 2, 3, 3);
    CHECK_THROWS_WITH_AS(scan(first + last), "results.jsonl: a page is missing before b#3, page 3: restore it", Error);
    CHECK_THROWS_WITH_AS(scan(last), doctest::Contains("a page is missing"), Error);
    CHECK_THROWS_WITH_AS(scan(first + result("c", 3)), doctest::Contains("a page is missing before c"), Error);
}

TEST_CASE("pages in another form are read, too") {
    const std::string text =
        "{ \"line\": 3, \"page\": 1, \"page_count\": 2, \"outcome\": \"ok\", \"custom_id\": \"x\" }\n";
    CHECK(scan(text).done.size() == 0);
    CHECK(scan(text + page_result("x#2", 3, 2, 2)).done.size() == 1);
}
