#include "plait/report/text_picture.hpp"

#include "plait/report/internal/timelines_for_tests.hpp"
#include "plait/report/internal/words.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace plait;
using namespace plait::report;
using namespace plait::report::internal;
using namespace std::chrono_literals;
using trace::Activity;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream input(text);
    for (std::string line; std::getline(input, line);) lines.push_back(line);
    return lines;
}

TextOptions columns(std::size_t count, bool ascii = false) {
    TextOptions options;
    options.columns = count;
    options.ascii = ascii;
    return options;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// Two calls one after another, as `sync` makes them.
Timeline two_in_a_row() {
    return make_timeline(
        "sync", 1,
        {make_span("a", 0ms, {{Activity::running, 10ms}, {Activity::first_byte, 40ms}}),
         make_span("b", 50ms, {{Activity::running, 3ms}, {Activity::ready, 17ms}, {Activity::body, 30ms}})});
}

/// The same on a loop, in parallel.
Timeline two_side_by_side() {
    Timeline timeline = make_timeline(
        "async", 2,
        {make_span("a", 0ms, {{Activity::running, 10ms}, {Activity::first_byte, 40ms}}),
         make_span("b", 0ms, {{Activity::ready, 10ms}, {Activity::running, 10ms}, {Activity::body, 30ms}}, 0, 1)});
    timeline.loop_runs = {{0, 0ms, 20ms}};
    return timeline;
}

}  // namespace

TEST_CASE("the main activity of a slow call is described in full") {
    const Timeline waits =
        make_timeline("sync", 1, {make_span("only", 0ms, {{Activity::running, 1us}, {Activity::first_byte, 10s}})});
    CHECK(has(text_picture({waits}, "", columns(100)), "  first byte 100 %    only"));
}

TEST_CASE("running and waiting are drawn at their times") {
    // 53 columns: 12 for the label, a blank, 40 for 100 ms.
    const auto lines = lines_of(text_picture({two_in_a_row()}, "", columns(53)));
    CHECK(lines[0] == "sync: 2 calls, 100 ms, one at a time");
    CHECK(lines[1] == "caller       ████░░░░░░░░░░░░░░░░█▌▒▒▒▒▒▒░░░░░░░░░░░░");
    CHECK(lines[2] == "             ┴───────────────────┴───────────────────");
    CHECK(lines[3] == "             0                   50 ms");
}

TEST_CASE("several methods share one time axis, and the loop has its own line") {
    const auto lines = lines_of(text_picture({two_in_a_row(), two_side_by_side()}, "", columns(53)));
    CHECK(lines[1] == "caller       ████░░░░░░░░░░░░░░░░█▌▒▒▒▒▒▒░░░░░░░░░░░░");
    CHECK(lines[3] == "async: 2 calls, 50.0 ms, up to 2 at a time");
    CHECK(lines[4] == "loop         ████████");
    CHECK(lines[5] == "call 1       ████░░░░░░░░░░░░░░░░");
    CHECK(lines[6] == "call 2       ▒▒▒▒████░░░░░░░░░░░░");
}

TEST_CASE("without UTF-8 the picture is drawn in ASCII") {
    const std::string text = text_picture({two_in_a_row(), two_side_by_side()}, "Plain – text.", columns(53, true));
    CHECK(std::all_of(text.begin(), text.end(), [](char c) { return (c >= ' ' && c <= '~') || c == '\n'; }));
    CHECK(has(text, "caller       ####::::::::::::::::#|++++++::::::::::::"));
}

TEST_CASE("no line is too wide, whatever the names are") {
    std::vector<Timeline> timelines{two_in_a_row(), two_side_by_side(), two_side_by_side()};
    timelines[0].spans[0].name = std::string(300, 'x');
    timelines[1].spans[0].name = "東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京";
    timelines[1].spans[0].result = std::string(300, 'y');
    timelines[1].lanes[0].name = std::string(300, 'z');
    timelines[2].source = std::string(300, 's');
    timelines[2].outcomes["ok"] = 1;
    timelines[2].is_cut = true;
    timelines[2].one_in = 8;
    const std::string explanation = std::string(300, 'e') + " and then some";
    for (std::size_t width = least_columns; width <= 210; ++width) {
        for (const std::string& line : lines_of(text_picture(timelines, explanation, columns(width)))) {
            CAPTURE(line);
            CHECK(columns_of(line) <= width);
            CHECK_FALSE(line.ends_with(' '));
        }
    }
}

TEST_CASE("the picture of many rows has a bounded number of lines") {
    std::vector<Span> spans;
    for (std::uint32_t i = 0; i < 2000; ++i) spans.push_back(make_span("a", 0ms, {{Activity::body, 9ms}}, 0, i));
    CHECK(lines_of(text_picture({make_timeline("async", 2000, std::move(spans))}, "", columns(80))).size() < 45);
}

TEST_CASE("colour is used on request, and ends with its line") {
    TextOptions options = columns(40);
    CHECK_FALSE(has(text_picture({two_in_a_row()}, "", options), "\x1b"));
    options.colour = true;
    const std::string text = text_picture({two_in_a_row()}, "", options);
    CHECK(has(text, "\x1b[1;32m██"));
    for (const std::string& line : lines_of(text)) {
        const auto last = line.rfind("\x1b[");
        if (last != std::string::npos) CHECK(line.substr(last).starts_with("\x1b[0m"));
    }
}

TEST_CASE("a name can't write to the terminal") {
    Timeline timeline = two_in_a_row();
    timeline.spans[0].name = "\x1b]0;title\x07 \x1b[2J";
    timeline.spans[0].result = "\x1b[31m";
    timeline.lanes[0].name = "\x1b[2J";
    timeline.method = "\x1b[2Jsync";
    CHECK_FALSE(has(text_picture({timeline}, "\x1b[2J", columns(80)), "\x1b"));
}

TEST_CASE("the figures, the slowest calls and the explanation follow the picture") {
    Timeline timeline = two_in_a_row();
    timeline.spans[1] = make_span("the-slow-one", 50ms, {{Activity::connect, 60ms}});
    timeline.length = 110ms;
    timeline.is_cut = true;
    timeline.one_in = 4;
    const std::string text = text_picture({timeline}, "Because.", columns(80));
    CHECK(has(text, "2 calls in 110 ms, 18.2/s: all ok"));
    CHECK(has(text, "of their time 91 % waiting (connect 55 %, first byte 36 %), 9.1 % running"));
    CHECK(has(text, "p50 50.0 ms, p90 60.0 ms, p99 60.0 ms, longest 60.0 ms"));
    CHECK(has(text, "one call in 4"));
    CHECK(has(text, "incomplete: "));
    CHECK(has(text, "   60.0 ms     50.0 ms  200           connect 100 %       the-slow-one\n"));
    CHECK(text.find("the-slow-one") < text.find("0 us"));
    CHECK(text.ends_with("\n\nBecause.\n"));
}

TEST_CASE("an empty timeline is drawn without a picture") {
    CHECK(has(text_picture({Timeline()}, "", columns(80)), "0 calls"));
    CHECK(text_picture({}, "", columns(80)) == "\n");
}
