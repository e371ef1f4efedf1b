#include "plait/report/trace_reader.hpp"

#include "plait/base/error.hpp"
#include "plait/report/read_inputs.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace plait;
using namespace plait::report;
using namespace std::chrono_literals;

constexpr std::string_view head =
    R"({"ph":"M","name":"plait_trace","pid":1,"args":{"version":1,"command":"run","method":"async","workers":1,"concurrency":2,"started":"2026-11-23T23:20:00Z"}})";

/// The whole trace of two calls that overlap on a loop.
const std::string two_calls = "[\n" + std::string(head) + R"(,
{"ph":"M","name":"process_name","pid":1,"args":{"name":"plait run, async"}},
{"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"loop"}},
{"ph":"M","name":"plait_lane","pid":1,"tid":1,"args":{"kind":"loop"}},
{"ph":"M","name":"thread_name","pid":1,"tid":1000001,"args":{"name":"loop, call 1"}},
{"ph":"M","name":"thread_name","pid":1,"tid":1000002,"args":{"name":"loop, call 2"}},
{"ph":"C","cat":"loop","name":"loop tasks","pid":1,"tid":1,"ts":10.0,"args":{"ready":1,"waiting":1}},
{"ph":"X","cat":"phase","name":"first byte","pid":1,"tid":1000002,"ts":21.2,"dur":90.0},
{"ph":"X","cat":"call","name":"row-2","pid":1,"tid":1000002,"ts":20.0,"dur":92.5,"args":{"line":2,"result":"timeout","ok":false,"attempt":3,"states":"R12r3d0f900R10"}},
{"ph":"X","cat":"call","name":"row-1","pid":1,"tid":1000001,"ts":10.0,"dur":200.0,"args":{"line":1,"result":"200","ok":true,"states":"R20f1980"}},
{"ph":"X","cat":"loop","name":"running","pid":1,"tid":1,"ts":10.0,"dur":5.5},
{"ph":"M","name":"plait_end","pid":1,"args":{"calls":2,"seconds":0.00021,"outcomes":{"ok":1,"failed":1},"limits":["http://a: 8 in flight: the server is busy"]}}
]
)";

Timeline timeline_of(const std::string& text) {
    std::istringstream input(text);
    return read_trace(input, "t.json");
}

/// Returns the message of the error when reading `text`; empty if there is none.
std::string error_of(const std::string& text) {
    std::istringstream input(text);
    try {
        (void)read_timeline(input, "t.json");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return {};
}

/// A trace with one lane, a thread, and these records.
std::string with_records(std::string_view records) {
    return fmt::format("[\n{},\n{},\n{},\n{}\n]\n", head,
                       R"({"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"thread 1"}})",
                       R"({"ph":"M","name":"plait_lane","pid":1,"tid":1,"args":{"kind":"thread"}})", records);
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("a trace gives its lanes, its calls and their activities") {
    const Timeline timeline = timeline_of(two_calls);
    CHECK(timeline.source == "t.json");
    CHECK(timeline.command == "run");
    CHECK(timeline.method == "async");
    CHECK(timeline.concurrency == 2);
    CHECK(timeline.started == "2026-11-23T23:20:00Z");
    CHECK_FALSE(timeline.is_cut);
    CHECK(timeline.length == 210us);
    CHECK(timeline.outcomes.at("ok") == 1);
    CHECK(timeline.limits == std::vector<std::string>{"http://a: 8 in flight: the server is busy"});
    REQUIRE(timeline.lanes.size() == 1);
    CHECK(timeline.lanes[0].name == "loop");
    CHECK(timeline.lanes[0].kind == "loop");
    CHECK(timeline.lanes[0].rows == 2);
    REQUIRE(timeline.loop_runs.size() == 1);
    CHECK(timeline.loop_runs[0].length == 5500ns);
    REQUIRE(timeline.loop_counts.size() == 1);
    CHECK(timeline.loop_counts[0].waiting == 1);

    REQUIRE(timeline.spans.size() == 2);
    CHECK(timeline.spans[0].name == "row-1");  // sorted by begin, whichever ended first
    const Span& late = timeline.spans[1];
    CHECK(late.name == "row-2");
    CHECK(late.line == 2);
    CHECK(late.row == 1);
    CHECK(late.attempt == 3);
    CHECK(late.result == "timeout");
    CHECK_FALSE(late.ok);
    CHECK(late.length == 92500ns);
    using trace::Activity;
    const std::vector<trace::Segment> expected{
        {Activity::running, 1200ns}, {Activity::ready, 300ns}, {Activity::first_byte, 90us}, {Activity::running, 1us}};
    CHECK(late.segments == expected);
}

TEST_CASE("a call has the connection of its last attempt") {
    const auto call = [](std::string_view connections) {
        return with_records(
            fmt::format(R"({{"ph":"M","name":"plait_origin","pid":1,"args":{{"number":1,"origin":"http://a"}}}},
{{"ph":"M","name":"plait_origin","pid":1,"args":{{"number":2,"origin":"https://b"}}}},
{{"ph":"X","cat":"call","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{{"connections":"{}","states":"R20"}}}})",
                        connections));
    };
    const Timeline timeline = timeline_of(call("1:3 2:17"));
    CHECK(timeline.origins == std::vector<std::string>{"http://a", "https://b"});
    CHECK(timeline.spans[0].origin == 2);
    CHECK(timeline.spans[0].connection == 17);
    CHECK(timeline_of(call("0:17")).spans[0].origin == 0);
    for (const char* const bad : {"", "1", "1:", ":1", "3:1", "1:2 ", "1:-1", "1:2x"}) {
        CAPTURE(bad);
        CHECK(has(error_of(call(bad)), "\"connections\" must be"));
    }
}

TEST_CASE("calls of a lane that is not a loop are on the lane itself") {
    const Timeline timeline = timeline_of(
        with_records(R"({"ph":"X","cat":"call","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{"states":"R20"}})"));
    REQUIRE(timeline.spans.size() == 1);
    CHECK(timeline.spans[0].row == 0);
    CHECK(timeline.lanes[0].rows == 1);
    CHECK(timeline.is_cut);  // there is no plait_end
}

TEST_CASE("lanes are sorted by number, whenever they were first used") {
    std::string records;
    for (const int number : {10, 9, 2}) {
        fmt::format_to(std::back_inserter(records),
                       R"({{"ph":"M","name":"thread_name","pid":1,"tid":{0},"args":{{"name":"thread {0}"}}}},
{{"ph":"M","name":"plait_lane","pid":1,"tid":{0},"args":{{"kind":"thread"}}}},
{{"ph":"X","cat":"call","name":"by {0}","pid":1,"tid":{0},"ts":{0}.0,"dur":1.0,"args":{{"line":1,"result":"200","ok":true,"states":"f10"}}}},
)",
                       number);
    }
    const Timeline timeline = timeline_of(with_records(records));
    std::vector<std::string> lanes;
    for (const Lane& lane : timeline.lanes) lanes.push_back(lane.name);
    CHECK(lanes == std::vector<std::string>{"thread 1", "thread 2", "thread 9", "thread 10"});
    for (const Span& span : timeline.spans) CHECK("by " + lanes[span.lane].substr(7) == span.name);
}

TEST_CASE("in a thinned trace, a call stands for all those that it replaces") {
    const std::string call =
        R"({"ph":"X","cat":"call","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{"states":"R20"}})";
    const Timeline timeline = timeline_of(
        with_records(call + ",\n" +
                     R"({"ph":"i","s":"p","cat":"plait","name":"thinned","pid":1,"tid":1,"ts":3,"args":{"one_in":4}})" +
                     ",\n" + call));
    CHECK(timeline.one_in == 4);
    REQUIRE(timeline.spans.size() == 2);
    CHECK(timeline.spans[0].stands_for == 1);
    CHECK(timeline.spans[1].stands_for == 4);
}

TEST_CASE("a trace that is cut at any byte is read up to its last whole record, or refused in one line") {
    std::size_t most_spans_seen = 0;
    for (std::size_t size = 0; size < two_calls.size(); ++size) {
        std::istringstream input(two_calls.substr(0, size));
        try {
            const Timeline timeline = read_timeline(input, "t.json");
            CHECK(timeline.spans.size() >= most_spans_seen);
            most_spans_seen = timeline.spans.size();
            CHECK(timeline.is_cut == !has(two_calls.substr(0, size), R"(busy"]}})"));
        } catch (const Error& error) {
            CHECK(size < head.size() + 4);  // only before the first record is whole
            CHECK(error.code() == ErrorCode::bad_input);
            CHECK_FALSE(has(error.what(), "\n"));
        }
    }
    CHECK(most_spans_seen == 2);
}

TEST_CASE("a trace with changed bytes is read or refused") {
    std::mt19937 random(20261123);
    for (int round = 0; round < 1000; ++round) {
        std::string text = two_calls;
        for (auto changes = 1 + random() % 4; changes > 0; --changes) {
            text[random() % text.size()] = static_cast<char>(random() % 256);
        }
        std::istringstream input(text);
        try {
            const Timeline timeline = read_timeline(input, "t.json");
            for (const Span& span : timeline.spans) {
                CHECK(span.lane < timeline.lanes.size());
                Duration sum{};
                for (const trace::Segment& segment : span.segments) sum += segment.length;
                CHECK(sum == span.length);
            }
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::bad_input);
        }
    }
}

TEST_CASE("hostile values are refused with the number of the line") {
    const auto call = [](std::string_view tid, std::string_view ts, std::string_view dur, std::string_view states) {
        return with_records(
            fmt::format(R"({{"ph":"X","cat":"call","name":"a","tid":{},"ts":{},"dur":{},"args":{{"states":{}}}}})", tid,
                        ts, dur, states));
    };
    struct Case {
        std::string text;
        std::string_view part;
    };
    const std::vector<Case> cases{
        {call("18446744073709551615", "1", "2", R"("R20")"), "not in a lane"},
        {call("99999990000", "1", "2", R"("R20")"), "not in a lane"},
        {call("-1", "1", "2", R"("R20")"), "\"tid\" must be a whole number"},
        {call("1.5", "1", "2", R"("R20")"), "\"tid\" must be a whole number"},
        {call("2", "1", "2", R"("R20")"), "not in a lane"},
        {call("1000000", "1", "2", R"("R20")"), "not in a lane"},
        {call("1", "-1", "2", R"("R20")"), "\"ts\""},
        {call("1", "1e300", "2", R"("R20")"), "\"ts\""},
        {call("1", "\"1\"", "2", R"("R20")"), "\"ts\" must be a number"},
        {call("1", "null", "2", R"("R20")"), "\"ts\" is missing"},
        {call("1", "1", "3", R"("R20")"), "adds up to 2 us"},
        {call("1", "1", "2", R"("X20")"), "'X'"},
        {call("1", "1", "2", R"("R")"), "without a length"},
        {call("1", "1", "2", R"("R-20")"), "without a length"},
        {call("1", "1", "2", R"("R99999999999999999999999")"), "without a length"},
        {call("1", "1", "2", R"("R300000000000000r300000000000000")"), "longer than a year"},
        {call("1", "1", "2", "17"), "\"states\" must be a string"},
        {call("1", "1", "2", "null"), "\"states\" is missing"},
        {with_records(R"({"ph":"X","cat":"call","name":"a","tid":1,"ts":1,"dur":2})"), "\"args\" is missing"},
        {with_records(R"({"ph":"M","name":"plait_lane","tid":2,"args":{"kind":"planet"}})"), "\"kind\" must be"},
        {with_records(R"({"ph":"M","name":"plait_lane","tid":1,"args":{"kind":"loop"}})"), "occurs twice"},
        {with_records(R"({"ph":"i","name":"thinned","tid":1,"ts":1,"args":{"one_in":0}})"), "one_in"},
        {with_records(R"({"ph":"i","name":"thinned","tid":1,"ts":1,"args":{"one_in":9000000000000}})"), "one_in"},
        {with_records("{\"ph\":"), "no JSON object"},
        {with_records("17"), "no JSON object"},
        {with_records(std::string(100'000, '[')), "no JSON object"},
    };
    for (const Case& hostile : cases) {
        const std::string error = error_of(hostile.text);
        CAPTURE(hostile.text.substr(0, 1000));
        CAPTURE(error);
        CHECK(has(error, "read t.json: line 5: "));
        CHECK(has(error, hostile.part));
    }
}

TEST_CASE("an endless line is refused before it fills the memory") {
    CHECK(has(error_of("[\n" + std::string(head) + ",\n" + std::string(5 * 1024 * 1024, ' ')), "line 3 is longer"));
}

TEST_CASE("a file of another kind is refused, and the error names its kind in one line") {
    struct Case {
        std::string_view text;
        std::string_view part;
    };
    const std::vector<Case> cases{
        {R"([{"ph":"X","name":"a","ts":1,"dur":2,"pid":1,"tid":1}])",
         "is a Trace Event file, and plait did not write it"},
        {R"({"traceEvents":[{"ph":"X"}]})", "is a Trace Event file, and plait did not write it"},
        {"[1, 2, 3]", "neither a trace nor a results file"},
        {"", "is empty"},
        {"<!doctype html>", "neither a trace nor a results file"},
        {"id,url\n1,http://a\n", "neither a trace nor a results file"},
        {"\x1f\x8b\x08", "is compressed"},
        {R"({"url": "http://api.example"})", "is a file of requests"},
        {R"({"work":"calls","calls":160,"processors":2,"rows":[]})", "figures of a comparison"},
        {R"({"calls":2,"outcomes":{},"status_codes":{}})", "is the summary of a run"},
        {R"({"a": 1})", "neither a trace nor a results file"},
        {"[", "cut in its first record"},
    };
    for (const Case& other : cases) {
        const std::string error = error_of(std::string(other.text));
        CAPTURE(error);
        CHECK(has(error, "read t.json: it "));
        CHECK(has(error, other.part));
        CHECK(has(error, "plait run --trace"));
        CHECK_FALSE(has(error, "\n"));
    }
    CHECK(has(error_of("[\n"
                       R"({"ph":"M","name":"plait_trace","args":{"version":2}})"
                       "\n]"),
              "reads version 1"));
}
