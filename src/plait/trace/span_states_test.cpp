#include "plait/trace/span_states.hpp"

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <vector>

using namespace plait;
using namespace plait::trace;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{100h};

using Segments = std::vector<Segment>;
using Sums = std::array<Duration, activity_count>;

Sums sums_of(const SpanStates& states) {
    Sums sums{};
    for (const Segment& segment : states.segments()) sums[static_cast<std::size_t>(segment.activity)] += segment.length;
    return sums;
}

Duration sum_of(const SpanStates& states) {
    Duration sum{};
    for (const Segment& segment : states.segments()) sum += segment.length;
    return sum;
}

}  // namespace

TEST_CASE("equal neighbouring states are merged") {
    SpanStates states(start);
    states.extend(Activity::running, start + 2us);
    states.extend(Activity::running, start + 3us);
    states.extend(Activity::first_byte, start + 3us);
    states.extend(Activity::body, start + 10us);
    states.extend(Activity::running, start + 9us);  // clocks of two readers
    states.extend(Activity::running, start + 11us);
    CHECK(states.segments() == Segments{{Activity::running, 3us}, {Activity::body, 7us}, {Activity::running, 1us}});
    CHECK(states.begin() == start);
    CHECK(states.length() == 11us);
}

TEST_CASE("states can be extended to the front, and cut before a time") {
    SpanStates states(start);
    states.extend(Activity::running, start + 2us);
    states.extend(Activity::body, start + 4us);
    states.prepend(Activity::worker, start - 5us);
    states.prepend(Activity::worker, start - 6us);
    states.prepend(Activity::other, start);
    CHECK(states.segments() == Segments{{Activity::worker, 6us}, {Activity::running, 2us}, {Activity::body, 2us}});
    states.cut_before(start - 10us);
    CHECK(states.length() == 10us);
    states.cut_before(start - 1us);
    CHECK(states.segments() == Segments{{Activity::worker, 1us}, {Activity::running, 2us}, {Activity::body, 2us}});
    states.cut_before(start + 3us);
    CHECK(states.segments() == Segments{{Activity::body, 1us}});
    CHECK(states.begin() == start + 3us);
    states.cut_before(start + 9us);
    CHECK(states.segments().empty());
    CHECK(states.length() == 0us);
}

TEST_CASE("a long list of states is folded, and the time of each activity stays exact") {
    SpanStates states(start);
    TimePoint when = start;
    states.extend(Activity::connect, when += 7us);
    for (int i = 0; i < 10'000; ++i) {
        states.extend(Activity::body, when += 3us);
        states.extend(Activity::running, when += 1us);
        CHECK_MESSAGE(states.segments().size() <= SpanStates::most_segments, i);
    }
    const Sums sums = sums_of(states);
    CHECK(sums[static_cast<std::size_t>(Activity::connect)] == 7us);
    CHECK(sums[static_cast<std::size_t>(Activity::body)] == 30'000us);
    CHECK(sums[static_cast<std::size_t>(Activity::running)] == 10'000us);
    CHECK(states.length() == when - start);
    CHECK(states.segments()[0] == Segment{Activity::connect, 7us});
    CHECK(states.segments()[1] == Segment{Activity::body, 3us});
}

TEST_CASE("whatever happens, the segments add up to the length and no neighbours are alike") {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        SpanStates states(start);
        TimePoint when = start;
        Sums sums{};
        const int steps = static_cast<int>(random() % 2'000);
        for (int i = 0; i < steps; ++i) {
            const auto activity = random() % activity_count;
            const Duration length(random() % 5);
            states.extend(static_cast<Activity>(activity), when += length);
            sums[activity] += length;
        }
        CHECK(sums_of(states) == sums);
        CHECK(sum_of(states) == states.length());
        const Segments& segments = states.segments();
        for (std::size_t i = 1; i < segments.size(); ++i) {
            REQUIRE(segments[i].activity != segments[i - 1].activity);
            REQUIRE(segments[i].length > 0ns);
        }
    }
}
