#include "plait/compare/measure/measurement.hpp"

#include "plait/compare/measure/internal/made_up_rows.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::compare;
using namespace plait::compare::internal;

TEST_CASE("the median is taken of each figure separately") {
    std::vector<Measurement> runs(3);
    runs[0].wall = milliseconds(5);
    runs[1].wall = milliseconds(1);
    runs[2].wall = milliseconds(3);
    runs[0].cpu = milliseconds(1);
    runs[1].cpu = milliseconds(2);
    runs[2].cpu = milliseconds(3);
    runs[1].p50 = milliseconds(7);
    const Measurement result = median(runs);
    CHECK(result.wall == milliseconds(3));
    CHECK(result.cpu == milliseconds(2));
    CHECK(result.p50 == milliseconds(7));
    CHECK_FALSE(result.p99);
}

TEST_CASE("the median of two values lies between them") {
    std::vector<Measurement> runs(2);
    runs[0].wall = milliseconds(2);
    runs[1].wall = milliseconds(4);
    CHECK(median(runs).wall == milliseconds(3));
}

TEST_CASE("a median shows the outcomes of the worst run") {
    std::vector<Measurement> runs(3);
    for (Measurement& run : runs) run.outcomes[0] = run.done = 10;
    runs[1].outcomes = {4, 6, 0, 0};
    runs[1].refused = 6;
    CHECK(median(runs).outcomes[0] == 4);
    CHECK(median(runs).refused == 6);
}

TEST_CASE("the waiting share is a share of the calls' time") {
    Row row = sync_row(milliseconds(1'600), milliseconds(10), milliseconds(400));
    CHECK(*row.waiting_share() == doctest::Approx(0.75));
    row.measured.cpu = milliseconds(2'000);  // more than the calls' time, as coarse timers can report
    CHECK(*row.waiting_share() == 0);
    row.measured.cpu = row.measured.ready = milliseconds(400);
    CHECK(*row.waiting_share() == doctest::Approx(0.5));
    row.measured.in_calls = Duration::zero();
    CHECK_FALSE(row.waiting_share());
}

TEST_CASE("the busy share counts only the processors that a way can use") {
    const Row threads = threads_row(32, milliseconds(100), milliseconds(10), milliseconds(100));
    CHECK(threads.busy_share(2) == doctest::Approx(0.5));
    const Row async = async_row(100, milliseconds(100), milliseconds(10), milliseconds(50));
    CHECK(async.busy_share(2) == doctest::Approx(0.5));
}

TEST_CASE("speed is compared with sync of the same program") {
    Comparison comparison = calls_of_90_ms();
    comparison.rows.emplace_back(Way("python", "sync", batch::Scheduling::nobody, 1), comparison.rows[0].measured);
    comparison.rows.back().measured.wall = milliseconds(28'860);
    comparison.rows.emplace_back(Way("python", "asyncio", batch::Scheduling::task, 1), comparison.rows[0].measured);
    CHECK(*comparison.speed_up(comparison.rows[0]) == doctest::Approx(1));
    CHECK(*comparison.speed_up(comparison.rows[2]) == doctest::Approx(78));
    CHECK(*comparison.speed_up(comparison.rows[5]) == doctest::Approx(2));
    comparison.rows.erase(comparison.rows.begin());
    CHECK_FALSE(comparison.speed_up(comparison.rows[0]));
}
