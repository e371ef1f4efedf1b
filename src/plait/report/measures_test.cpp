#include "plait/report/measures.hpp"

#include "plait/report/internal/timelines_for_tests.hpp"

#include <doctest/doctest.h>

namespace {

using namespace plait;
using namespace plait::report;
using namespace plait::report::internal;
using namespace std::chrono_literals;
using trace::Activity;

}  // namespace

TEST_CASE("the figures have the shares of the calls' time and the calls in flight") {
    Timeline timeline = make_timeline("async", 2,
                                      {make_span("a", 0ms, {{Activity::running, 10ms}, {Activity::first_byte, 30ms}}),
                                       make_span("b", 20ms, {{Activity::ready, 10ms}, {Activity::body, 10ms}}, 0, 1)});
    timeline.spans[1].ok = false;
    timeline.loop_runs = {{0, 0ms, 10ms}};
    const Measures measures = measure(timeline);
    CHECK(measures.calls == 2);
    CHECK(measures.not_ok == 1);
    CHECK(measures.calls_per_second == doctest::Approx(50));
    CHECK(measures.share_of(Activity::running) == doctest::Approx(1.0 / 6));
    CHECK(measures.waiting == doctest::Approx(4.0 / 6));
    CHECK(measures.main_wait == Activity::first_byte);
    CHECK(measures.in_flight == doctest::Approx(1.5));
    CHECK(measures.most_in_flight == 2);
    REQUIRE(measures.loop_ran);
    CHECK(*measures.loop_ran == doctest::Approx(0.25));
}

TEST_CASE("a call that ends when another begins does not overlap it") {
    const Timeline timeline = make_timeline(
        "sync", 1, {make_span("a", 0ms, {{Activity::body, 10ms}}), make_span("b", 10ms, {{Activity::body, 10ms}})});
    CHECK(measure(timeline).most_in_flight == 1);
}

TEST_CASE("a call that stands for several counts as that many") {
    Timeline timeline = make_timeline(
        "sync", 1, {make_span("a", 0ms, {{Activity::body, 10ms}}), make_span("b", 10ms, {{Activity::running, 10ms}})});
    timeline.spans[0].stands_for = 3;
    const Measures measures = measure(timeline);
    CHECK(measures.calls == 4);
    CHECK(measures.waiting == doctest::Approx(0.75));
}

TEST_CASE("the quantiles of a hundred known lengths are right") {
    std::vector<Span> spans;
    for (int i = 100; i >= 1; --i) {
        spans.push_back(make_span("a", 0ms, {{Activity::body, std::chrono::milliseconds(i)}}));
    }
    const Measures measures = measure(make_timeline("async", 100, std::move(spans)));
    CHECK(measures.p50 == 50ms);
    CHECK(measures.p90 == 90ms);
    CHECK(measures.p99 == 99ms);
    CHECK(measures.longest == 100ms);
}

TEST_CASE("an empty timeline has figures") {
    const Measures measures = measure(Timeline());
    CHECK(measures.calls == 0);
    CHECK(measures.p50 == 0ms);
    CHECK_FALSE(measures.loop_ran);
}

TEST_CASE("the slowest calls come first, and equally slow ones in their order") {
    const Timeline timeline =
        make_timeline("sync", 1,
                      {make_span("a", 0ms, {{Activity::body, 1ms}}), make_span("b", 1ms, {{Activity::body, 9ms}}),
                       make_span("c", 10ms, {{Activity::body, 9ms}})});
    CHECK(slowest(timeline, 2) == std::vector<std::size_t>{1, 2});
    CHECK(slowest(timeline, 9).size() == 3);
}
