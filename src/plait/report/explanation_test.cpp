#include "plait/report/explanation.hpp"

#include "plait/report/internal/timelines_for_tests.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace plait;
using namespace plait::report;
using namespace plait::report::internal;
using namespace std::chrono_literals;
using trace::Activity;
using trace::Segment;

/// A run of calls that all do the same, `at_a_time` of them in parallel.
Timeline run_of(const std::string& method, int calls, int at_a_time, const std::vector<Segment>& segments) {
    std::vector<Span> spans;
    Duration begin{};
    for (int i = 0; i < calls; ++i) {
        const auto row = static_cast<std::uint32_t>(i % at_a_time);
        spans.push_back(make_span("row-" + std::to_string(i + 1), begin, segments, method == "async" ? 0 : row,
                                  method == "async" ? row : 0));
        if (i % at_a_time == at_a_time - 1) begin += spans.back().length;
    }
    return make_timeline(method, static_cast<std::uint32_t>(at_a_time), std::move(spans));
}

std::string explained(Timeline timeline) { return explanation({std::move(timeline)}, ""); }

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

const std::vector<Segment> mostly_waiting{{Activity::running, 1ms}, {Activity::first_byte, 99ms}};

}  // namespace

TEST_CASE("the waits of calls that are made one after another add up") {
    const std::string text = explained(run_of("sync", 8, 1, mostly_waiting));
    CHECK(has(text, "The 8 calls waited 99.0 % of their time, almost all of it for the first byte of an answer."));
    CHECK(has(text, "the waits add up"));
}

TEST_CASE("a loop with time to spare could handle more calls") {
    Timeline timeline = run_of("async", 20, 10, mostly_waiting);
    timeline.loop_runs = {{0, 0ms, 10ms}};
    const std::string text = explained(timeline);
    CHECK(has(text, "With 10 in flight, the loop was busy 5.0 % of the time, so it could handle more of them"));
}

TEST_CASE("more concurrency helps calls that wait for a permit, unless the loop is busy") {
    Timeline timeline = run_of("async", 20, 10, {{Activity::permit, 50ms}, {Activity::first_byte, 50ms}});
    timeline.concurrency = 5;  // the other calls of the ten are ready to take a slot
    timeline.loop_runs = {{0, 0ms, 10ms}};
    CHECK(has(explained(timeline),
              "50 % of their time for a permit while the loop was busy 5.0 % of the time: a higher "
              "--concurrency would help"));
    timeline.loop_runs = {{0, 0ms, 190ms}};
    CHECK(has(explained(timeline), "a higher --concurrency would not help"));
    CHECK(has(explained(run_of("processes", 4, 2, {{Activity::worker, 50ms}, {Activity::body, 50ms}})),
              "50 % of their time for a worker: a higher --concurrency"));
}

TEST_CASE("more concurrency does not help calls that a limit of their origin holds back") {
    Timeline timeline = run_of("async", 20, 10, {{Activity::permit, 80ms}, {Activity::first_byte, 20ms}});
    timeline.concurrency = 10;
    timeline.loop_runs = {{0, 0ms, 10ms}};
    CHECK(has(explained(timeline),
              "80 % of their time for a permit, although only 2.0 of 10 were in flight on average: a limit of their "
              "group or origin held them back, such as a rate or --concurrency-per-origin, and a higher --concurrency "
              "would not help."));
}

TEST_CASE("the loop is the bottleneck when calls are ready while another one runs") {
    const std::string text =
        explained(run_of("async", 20, 10, {{Activity::ready, 60ms}, {Activity::first_byte, 40ms}}));
    CHECK(has(text, "The 20 calls spent 60 % of their time ready to run while others ran."));
    CHECK(has(text, "For 60 % of their time they were ready while others ran: the loop was the bottleneck"));
    CHECK(has(text, "threads or processes would"));
}

TEST_CASE("computing is distinguished from waiting") {
    const std::string text = explained(run_of("async", 4, 1, {{Activity::running, 90ms}, {Activity::body, 10ms}}));
    CHECK(has(text, "The 4 calls computed 90 % of their time and waited 10 %."));
    CHECK(has(text, "threads or processes would spread them"));
}

TEST_CASE("connecting and back-off are named when they take much of the time") {
    CHECK(has(explained(run_of("threads", 4, 2, {{Activity::tls, 40ms}, {Activity::first_byte, 60ms}})),
              "They spent 40 % of their time connecting"));
    CHECK(has(explained(run_of("threads", 4, 2, {{Activity::back_off, 40ms}, {Activity::first_byte, 60ms}})),
              "the server asks for fewer calls"));
}

TEST_CASE("one call that is far slower than the others is named") {
    Timeline timeline = run_of("threads", 20, 2, mostly_waiting);
    CHECK_FALSE(has(explained(timeline), "slowest"));
    timeline.spans[7] = make_span("the\x1b[2Jlate", 0ms, {{Activity::connect, 1400ms}});
    CHECK(has(explained(timeline),
              "The slowest, the?[2Jlate, took 1.40 s, 14 times the median (100 ms): most of the time "
              "it waited for a connection."));
}

TEST_CASE("the explanation says what results don't show") {
    Timeline timeline = run_of("threads", 4, 2, {{Activity::first_byte, 50ms}});
    CHECK_FALSE(has(explained(timeline), "Results show only"));
    for (Lane& lane : timeline.lanes) lane.kind = "unknown";
    CHECK(has(explained(timeline), "Results show only what the calls waited for"));
}

TEST_CASE("several methods are compared with sync, with the reason") {
    const std::vector<Timeline> timelines{run_of("sync", 40, 1, mostly_waiting),
                                          run_of("threads", 40, 4, mostly_waiting),
                                          run_of("async", 40, 20, mostly_waiting)};
    const std::string text = explanation(timelines, "");
    CHECK(has(text,
              "async was 20 times as fast as sync (200 ms against 4.00 s), because its calls wait in parallel: 20 in "
              "flight on average, against 1."));
    CHECK(has(text, "threads was 4.0 times as fast as sync."));
    CHECK(has(text, "With sync, the 40 calls waited 99.0 % of their time"));
}

TEST_CASE("for calls that compute, the processors are the reason") {
    const std::vector<Segment> computing{{Activity::running, 100ms}};
    CHECK(has(explanation({run_of("sync", 4, 1, computing), run_of("threads", 4, 2, computing)}, ""),
              "because it computes on several processors at once"));
    CHECK(has(explanation({run_of("sync", 4, 1, computing), run_of("async", 4, 1, computing)}, ""),
              "async was about as fast as sync: the calls compute, and no second processor was free"));
}

TEST_CASE("times come from the comparison when it has all of them") {
    std::vector<Timeline> timelines{run_of("sync", 40, 1, mostly_waiting), run_of("async", 40, 20, mostly_waiting)};
    timelines[0].concurrency = 1;
    timelines[1].concurrency = 20;
    const std::string rows = R"({"by":"python","method":"async","concurrency":20,"seconds":9},)"
                             R"({"by":"plait","method":"sync","concurrency":1,"seconds":6.0},)"
                             R"({"by":"plait","method":"async","concurrency":20,"seconds":0.5})";
    CHECK(has(explanation(timelines, "{\"rows\":[" + rows + "]}"),
              "async was 12 times as fast as sync (500 ms against 6.00 s)"));
    timelines[1].concurrency = 21;
    CHECK(has(explanation(timelines, "{\"rows\":[" + rows + "]}"),
              "async was 20 times as fast as sync (200 ms against 4.00 s)"));
}

TEST_CASE("jobs are not called calls") {
    Timeline timeline = run_of("sync", 4, 1, {{Activity::running, 100ms}});
    for (Span& span : timeline.spans) span.result.clear();
    CHECK(has(explained(timeline), "The 4 jobs computed the whole time."));
}

TEST_CASE("the advice of a comparison comes first, and invalid advice is left out") {
    const std::vector<Timeline> timelines{run_of("sync", 4, 1, mostly_waiting)};
    CHECK(explanation(timelines, R"({"advice":"Use async.\u001b"})").starts_with("Use async.? The 4 calls"));
    CHECK(explanation(timelines, "{\"advice\":").starts_with("The 4 calls"));
    CHECK(explanation(timelines, R"({"advice":17})").starts_with("The 4 calls"));
}

TEST_CASE("a timeline without calls has a short explanation") {
    CHECK(explanation({}, "").empty());
    CHECK(explanation({Timeline()}, "") == "No call was made.");
    CHECK(explanation({Timeline(), Timeline()}, "") == "No call was made.");
}
