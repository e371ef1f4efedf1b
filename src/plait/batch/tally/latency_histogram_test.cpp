#include "plait/batch/tally/latency_histogram.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

TEST_CASE("an empty histogram has a latency of 0") { CHECK(LatencyHistogram().quantile(0.5) == 0ns); }

TEST_CASE("quantiles are right to two percent, and the longest latency is exact") {
    LatencyHistogram histogram;
    for (int i = 1; i <= 10'000; ++i) histogram.add(i * 100us);
    const auto is_near = [](Duration measured, Duration exact) {
        return measured >= exact && measured <= exact * 1.02;
    };
    CHECK(is_near(histogram.quantile(0.5), 500ms));
    CHECK(is_near(histogram.quantile(0.9), 900ms));
    CHECK(is_near(histogram.quantile(0.99), 990ms));
    CHECK(histogram.quantile(1) == 1s);
    CHECK(histogram.longest() == 1s);
    CHECK(histogram.count() == 10'000);
}

TEST_CASE("the bins hold all durations, in order, and follow each other") {
    LatencyHistogram histogram;
    CHECK(histogram.bins().empty());
    for (Duration duration = 1us; duration < 48h; duration += 1us + duration / 10) histogram.add(duration);
    const auto bins = histogram.bins();
    CHECK(bins.size() <= 132);
    CHECK(bins.front().from == 0us);
    std::uint64_t count = 0;
    for (std::size_t n = 0; n < bins.size(); ++n) {
        count += bins[n].count;
        CHECK(bins[n].from < bins[n].up_to);
        if (n > 0) CHECK(bins[n].from == bins[n - 1].up_to);
    }
    CHECK(count == histogram.count());
    LatencyHistogram one;
    one.add(100ms);
    REQUIRE(one.bins().size() == 1);
    CHECK(one.bins().front().from <= 100ms);
    CHECK(one.bins().front().up_to > 100ms);
    CHECK(one.bins().front().up_to < 120ms);
}

TEST_CASE("every duration is counted, from 0 to longer than any wait") {
    for (Duration duration :
         {Duration(0ns), Duration(-1s), Duration(127us), Duration(128us), Duration(24h), Duration(24h * 365)}) {
        LatencyHistogram histogram;
        histogram.add(duration);
        CHECK(histogram.quantile(0.5) <= std::max(duration, Duration(0ns)));
    }
}
