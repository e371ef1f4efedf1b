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

Sums sums_of(const SpanStates& course) {
    Sums sums{};
    for (const Segment& segment : course.segments()) sums[static_cast<std::size_t>(segment.activity)] += segment.length;
    return sums;
}

Duration sum_of(const SpanStates& course) {
    Duration sum{};
    for (const Segment& segment : course.segments()) sum += segment.length;
    return sum;
}

}  // namespace

TEST_CASE("a course is one thing after another and neighbours that are alike are one") {
    SpanStates course(start);
    course.extend(Activity::running, start + 2us);
    course.extend(Activity::running, start + 3us);
    course.extend(Activity::first_byte, start + 3us);
    course.extend(Activity::body, start + 10us);
    course.extend(Activity::running, start + 9us);  // clocks of two readers
    course.extend(Activity::running, start + 11us);
    CHECK(course.segments() == Segments{{Activity::running, 3us}, {Activity::body, 7us}, {Activity::running, 1us}});
    CHECK(course.begin() == start);
    CHECK(course.length() == 11us);
}

TEST_CASE("a course can be given what came before, and lose what lies before a time") {
    SpanStates course(start);
    course.extend(Activity::running, start + 2us);
    course.extend(Activity::body, start + 4us);
    course.prepend(Activity::worker, start - 5us);
    course.prepend(Activity::worker, start - 6us);
    course.prepend(Activity::other, start);
    CHECK(course.segments() == Segments{{Activity::worker, 6us}, {Activity::running, 2us}, {Activity::body, 2us}});
    course.cut_before(start - 10us);
    CHECK(course.length() == 10us);
    course.cut_before(start - 1us);
    CHECK(course.segments() == Segments{{Activity::worker, 1us}, {Activity::running, 2us}, {Activity::body, 2us}});
    course.cut_before(start + 3us);
    CHECK(course.segments() == Segments{{Activity::body, 1us}});
    CHECK(course.begin() == start + 3us);
    course.cut_before(start + 9us);
    CHECK(course.segments().empty());
    CHECK(course.length() == 0us);
}

TEST_CASE("a long course is folded and how long each activity took stays exact") {
    SpanStates course(start);
    TimePoint when = start;
    course.extend(Activity::connect, when += 7us);
    for (int i = 0; i < 10'000; ++i) {
        course.extend(Activity::body, when += 3us);
        course.extend(Activity::running, when += 1us);
        CHECK_MESSAGE(course.segments().size() <= SpanStates::most_segments, i);
    }
    const Sums sums = sums_of(course);
    CHECK(sums[static_cast<std::size_t>(Activity::connect)] == 7us);
    CHECK(sums[static_cast<std::size_t>(Activity::body)] == 30'000us);
    CHECK(sums[static_cast<std::size_t>(Activity::running)] == 10'000us);
    CHECK(course.length() == when - start);
    CHECK(course.segments()[0] == Segment{Activity::connect, 7us});
    CHECK(course.segments()[1] == Segment{Activity::body, 3us});
}

TEST_CASE("whatever happens, the segments add up to the length and no neighbours are alike") {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        SpanStates course(start);
        TimePoint when = start;
        Sums sums{};
        const int steps = static_cast<int>(random() % 2'000);
        for (int i = 0; i < steps; ++i) {
            const auto activity = random() % activity_count;
            const Duration length(random() % 5);
            course.extend(static_cast<Activity>(activity), when += length);
            sums[activity] += length;
        }
        CHECK(sums_of(course) == sums);
        CHECK(sum_of(course) == course.length());
        const Segments& segments = course.segments();
        for (std::size_t i = 1; i < segments.size(); ++i) {
            REQUIRE(segments[i].activity != segments[i - 1].activity);
            REQUIRE(segments[i].length > 0ns);
        }
    }
}
