#include "plait/report/internal/words.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace plait;
using namespace plait::report;
using namespace plait::report::internal;

}  // namespace

TEST_CASE("a share is never rounded to all or nothing") {
    CHECK(percent(0) == "0 %");
    CHECK(percent(0.0002) == "under 0.1 %");
    CHECK(percent(0.0123) == "1.2 %");
    CHECK(percent(0.5) == "50 %");
    CHECK(percent(0.987) == "98.7 %");
    CHECK(percent(0.9999) == "over 99.9 %");
    CHECK(percent(1) == "100 %");
}

TEST_CASE("names reach a terminal without control characters, and no wider than requested") {
    CHECK(fitted("row-17", 10, false) == "row-17");
    CHECK(fitted("a\x1b[31mb\nc\x07", 20, false) == "a?[31mb?c?");
    CHECK(fitted("a\xc2\x9b"
                 "b",
                 20, false) == "a?b");  // a C1 control
    CHECK(fitted("a\xe2\x80\xae"
                 "b",
                 20, false) == "a?b");  // right to left from here
    CHECK(fitted("a\xff\xc3", 20, false) == "a??");
    CHECK(fitted("Zürich", 20, false) == "Zürich");
    CHECK(fitted("Zürich", 20, true) == "Z?rich");
    CHECK(fitted("0123456789", 10, false) == "0123456789");
    CHECK(fitted("0123456789", 6, false) == "01234…");
    CHECK(fitted("0123456789", 6, true) == "01234~");
    CHECK(fitted("東京都", 6, false) == "東京都");
    CHECK(fitted("東京都", 5, false) == "東京…");
    CHECK(fitted("abc", 0, false).empty());
    CHECK(columns_of("東京…") == 5);
}

TEST_CASE("timelines are named after their method, or after their file where methods are the same") {
    std::vector<Timeline> timelines(3);
    timelines[0].method = "async";
    timelines[0].source = "/tmp/a.json";
    timelines[1].method = "async";
    timelines[1].source = "b.json";
    timelines[2].command = "results";
    CHECK(titles_of(timelines) == std::vector<std::string>{"a", "b", "results"});
}

TEST_CASE("the versions of HTTP are a sentence") {
    Timeline timeline;
    CHECK(versions_in_words(timeline).empty());
    timeline.answers["2"] = 1;
    CHECK(versions_in_words(timeline) == "the answer came over HTTP/2");
    timeline.answers["2"] = 98;
    CHECK(versions_in_words(timeline) == "all answers came over HTTP/2");
    timeline.answers["1.1"] = 2;
    CHECK(versions_in_words(timeline) == "2 answers came over HTTP/1.1, 98 over HTTP/2");
}
