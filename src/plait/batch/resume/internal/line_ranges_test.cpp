#include "plait/batch/resume/internal/line_ranges.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace plait::batch;
using namespace plait::batch::internal;

namespace {

using Lines = std::vector<std::uint64_t>;

std::string text_of(Lines lines) {
    std::string text;
    append_ranges(text, lines);
    return text;
}

Lines lines_of(std::string_view text) {
    Lines lines;
    REQUIRE(read_ranges(text, [&](std::uint64_t line) { lines.push_back(line); }));
    return lines;
}

bool is_refused(std::string_view text) {
    return !read_ranges(text, [](std::uint64_t) {});
}

}  // namespace

TEST_CASE("adjacent lines are one range, whatever their order") {
    CHECK(text_of({}) == "");
    CHECK(text_of({7}) == "7");
    CHECK(text_of({3, 2, 1}) == "1-3");
    CHECK(text_of({20, 3, 7, 8, 19, 9}) == "3 7-9 19-20");
    CHECK(text_of({5, 5, 6, 5}) == "5-6");
    CHECK(text_of({LineSet::largest_line}) == "68719476736");
}

TEST_CASE("ranges are appended to existing text") {
    std::string text = "1 ";
    append_range(text, 4, 9);
    text += ' ';
    append_range(text, 11, 11);
    CHECK(text == "1 4-9 11");
}

TEST_CASE("written ranges are read back") {
    for (const Lines& lines : {Lines{}, Lines{1}, Lines{1, 2, 3}, Lines{1, 3, 4, 900, 901}})
        CHECK(lines_of(text_of(lines)) == lines);
    // Every set of lines up to 10.
    for (unsigned set = 0; set < 1024; ++set) {
        Lines lines;
        for (unsigned line = 0; line < 10; ++line) {
            if (set >> line & 1) lines.push_back(line);
        }
        CHECK(lines_of(text_of(lines)) == lines);
    }
}

TEST_CASE("a damaged text is refused") {
    for (const std::string_view text : {"x", "1,2", "1-", "-2", "1 -2", "1--2", "1-x", " 1", "1  2", "68719476737",
                                        "1-68719476737", "99999999999999999999999"}) {
        INFO(text);
        CHECK(is_refused(text));
    }
    CHECK(lines_of("5-3").empty());
}
