#include "plait/batch/resume/verify_results.hpp"

#include "plait/batch/sources/open_source.hpp"
#include "plait/batch/testing/test_folder.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

using namespace plait::batch;
using plait::batch::internal::TestFolder;

namespace {

std::string result(std::string_view id, std::uint64_t line) {
    return fmt::format("{{\"custom_id\":\"{}\",\"line\":{},\"outcome\":\"ok\",\"response\":null}}\n", id, line);
}

Verification verify(const std::string& requests, const std::string& results) {
    const TestFolder folder;
    const auto source = open_source({folder.write("requests", requests)}, RequestDefaults());
    return verify_results(*source, folder.write("results", results));
}

constexpr const char* requests = R"({"custom_id":"a","url":"/relative"}

{"url":"http://a.b"}
{"custom_id":"c","no such field":1}
)";

}  // namespace

TEST_CASE("results in any order are matched to their requests, including bad lines") {
    const Verification found = verify(requests, result("c", 4) + result("a", 1) + result("line-3", 3));
    CHECK(found.is_good());
    CHECK(verification_text(found) == "3 requests, 3 results\neach request has exactly one result\n");
}

TEST_CASE("gaps, second results, unmatched results and a torn end are reported separately") {
    const Verification found = verify(
        requests, result("a", 1) + result("a", 1) + result("other", 3) + result("line-2", 2) + result("x", 99) + "{");
    CHECK_FALSE(found.is_good());
    CHECK(verification_text(found) ==
          "3 requests, 5 results\n2 missing:\n  line 3\n  line 4\n1 duplicate:\n  a (line 1)\n3 unmatched:\n"
          "  other (line 3)\n  line-2 (line 2)\n  x (line 99)\n"
          "the last line of the results is incomplete: resuming the run removes it\n");
}

TEST_CASE("many faults: the first are shown, and all are counted") {
    std::string urls;
    for (int i = 0; i < 30; ++i) urls += "http://a.b\n";
    const std::string text = verification_text(verify(urls, ""));
    CHECK(text.find("30 missing:\n  line 1\n") != std::string::npos);
    CHECK(text.find("  line 20\n  and 10 more\n") != std::string::npos);
}

TEST_CASE("the pages of a call are its result") {
    const auto page = [](const char* id, int number, int count) {
        return fmt::format(R"({{"custom_id":"{}","line":1,"outcome":"ok","page":{},"page_count":{},"id":"x"}})", id,
                           number, count) +
               "\n";
    };
    const std::string pages = page("a", 1, 2) + page("a#2", 2, 2);
    CHECK(verify(requests, pages + result("line-3", 3) + result("c", 4)).is_good());
    CHECK(verify(requests, page("a", 1, 2)).missing.count == 3);
    CHECK(verify(requests, pages + pages).repeated.count == 2);
    CHECK(verify(requests, page("b#2", 2, 2)).unmatched.count == 1);
}
