#include "plait/report/internal/raster.hpp"

#include "plait/report/internal/timelines_for_tests.hpp"

#include <doctest/doctest.h>

#include <random>

namespace {

using namespace plait;
using namespace plait::report;
using namespace plait::report::internal;
using namespace std::chrono_literals;
using trace::Activity;

double milliseconds(float nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

}  // namespace

TEST_CASE("each cell holds the activities of its own time") {
    const Timeline timeline =
        make_timeline("sync", 1, {make_span("a", 5ms, {{Activity::running, 10ms}, {Activity::first_byte, 20ms}})});
    const Raster raster = make_raster(timeline, 40ms, 4, 10);
    REQUIRE(raster.lines.size() == 1);
    const auto& cells = raster.lines[0].cells;
    REQUIRE(cells.size() == 4);
    CHECK(milliseconds(cells[0].at(Activity::running)) == doctest::Approx(5));
    CHECK(milliseconds(cells[1].at(Activity::running)) == doctest::Approx(5));
    CHECK(milliseconds(cells[1].at(Activity::first_byte)) == doctest::Approx(5));
    CHECK(milliseconds(cells[2].all()) == doctest::Approx(10));
    CHECK(milliseconds(cells[3].at(Activity::first_byte)) == doctest::Approx(5));
}

TEST_CASE("any number of rows is folded into the given lines, and none is lost") {
    for (const std::uint32_t rows : {1U, 2U, 7U, 16U, 17U, 100U, 1001U}) {
        std::vector<Span> spans;
        for (std::uint32_t row = 0; row < rows; ++row) {
            spans.push_back(make_span("a", 0ms, {{Activity::body, 10ms}}, 0, row));
        }
        Timeline timeline = make_timeline("async", rows, std::move(spans));
        timeline.loop_runs = {{0, 0ms, 1ms}};
        const Raster raster = make_raster(timeline, 10ms, 1, 16);
        std::size_t rows_drawn = 0;
        for (const RasterLine& line : raster.lines) {
            rows_drawn += line.rows;
            if (line.cells.empty()) continue;
            CHECK(milliseconds(line.cells[0].all()) == doctest::Approx(10.0 * static_cast<double>(line.rows)));
        }
        CHECK(rows_drawn == rows);
        CHECK(raster.lines.size() <= 17);  // one for the loop
    }
}

TEST_CASE("a loop has a line of its own above its calls that shows when it ran") {
    Timeline timeline = make_timeline("async", 2, {make_span("a", 0ms, {{Activity::body, 20ms}})});
    timeline.loop_runs = {{0, 0ms, 5ms}, {0, 10ms, 10ms}};
    const Raster raster = make_raster(timeline, 20ms, 2, 10);
    REQUIRE(raster.lines.size() == 3);
    CHECK(raster.lines[0].label == "loop");
    CHECK(raster.lines[0].cells.empty());
    CHECK(raster.lines[0].loop_ran[0] == doctest::Approx(0.5));
    CHECK(raster.lines[0].loop_ran[1] == doctest::Approx(1));
    CHECK(raster.lines[1].label == "call 1");
}

TEST_CASE("a loop without recorded runs has no line, and jobs are not called calls") {
    Timeline timeline = make_timeline("async", 2, {make_span("job-1", 0ms, {{Activity::running, 20ms}})});
    timeline.spans[0].result.clear();
    const Raster raster = make_raster(timeline, 20ms, 2, 10);
    REQUIRE(raster.lines.size() == 2);
    CHECK(raster.lines[0].label == "job 1");
}

TEST_CASE("short runs are drawn unless most cells have one") {
    Raster raster;
    raster.lines.resize(1);
    raster.lines[0].cells.resize(4);
    for (Cell& cell : raster.lines[0].cells) cell.time[static_cast<std::size_t>(Activity::body)] = 1;
    raster.lines[0].cells[0].time[static_cast<std::size_t>(Activity::running)] = 0.01F;
    CHECK(least_run(raster) == 0);
    for (Cell& cell : raster.lines[0].cells) cell.time[static_cast<std::size_t>(Activity::running)] = 0.01F;
    CHECK(least_run(raster) > 0.01F);
}

TEST_CASE("lanes of one kind are folded together, and many loops into one line") {
    CHECK(make_raster(make_timeline("threads", 16, {}), 10ms, 4, 4).lines[3].label == "thread 13-16");
    Timeline timeline = make_timeline("async", 3, {});
    timeline.loop_runs = {{0, 0ms, 1ms}};
    for (int i = 0; i < 999; ++i) timeline.lanes.push_back(timeline.lanes.front());
    const Raster raster = make_raster(timeline, 10ms, 4, 8);
    CHECK(raster.lines.size() == 9);
    CHECK(raster.lines[0].label == "loops");
    CHECK(raster.lines[8].label == "call 2626-3000");
}

TEST_CASE("a file that claims a million rows on each of many lanes is drawn in a few lines") {
    Timeline timeline = make_timeline("async", 1'000'000, {make_span("a", 0ms, {{Activity::body, 1ms}}, 0, 999'999)});
    for (int i = 0; i < 2000; ++i) {
        timeline.lanes.push_back(timeline.lanes.front());
        timeline.lanes.back().kind = i % 2 == 0 ? "thread" : "loop";
    }
    CHECK(make_raster(timeline, 1ms, 10, 8).lines.size() <= 16);
}

TEST_CASE("the marks of an axis are round numbers, some distance apart") {
    CHECK(marks_of(100ms, 100, 20) == std::vector<Duration>{0ms, 20ms, 40ms, 60ms, 80ms, 100ms});
    CHECK(marks_of(Duration{0}, 100, 10) == std::vector<Duration>{Duration{0}});
    for (const Duration axis : {Duration{1}, Duration{999}, Duration{123456789}, Duration{24h * 366}}) {
        CHECK(marks_of(axis, 60, 10).size() <= 7);
    }
}
