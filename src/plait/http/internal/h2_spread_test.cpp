#include "plait/http/internal/h2_spread.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::http::internal;
using namespace std::chrono_literals;

namespace {

const TimePoint start{std::chrono::hours(100)};

void answer(H2Spread& spread, int times, Duration wait, bool on_trial = false, TimePoint now = start) {
    for (int i = 0; i < times; ++i) spread.answered(wait, on_trial ? 2 : 50, on_trial, now);
}

}  // namespace

TEST_CASE("answers that take as long as ever need no other connection") {
    H2Spread spread;
    CHECK_FALSE(spread.wants_trial(1, 50, start));
    answer(spread, 100, 100ms);
    CHECK_FALSE(spread.wants_trial(1, 50, start));
    answer(spread, 100, 150ms);
    CHECK_FALSE(spread.wants_trial(1, 50, start));
}

TEST_CASE("answers that take much longer are tried over another connection, where many calls share one") {
    H2Spread spread;
    answer(spread, 1, 100ms);
    answer(spread, 100, 500ms);
    CHECK(spread.wants_trial(1, 50, start));
    CHECK_FALSE(spread.wants_trial(1, 5, start));
    CHECK_FALSE(spread.wants_trial(16, 50, start));
    spread.begin_trial();
    CHECK_FALSE(spread.wants_trial(2, 50, start));
}

TEST_CASE("a trial that is faster is kept, and another one may follow") {
    H2Spread spread;
    answer(spread, 1, 100ms);
    answer(spread, 100, 500ms);
    spread.begin_trial();
    answer(spread, H2Spread::samples, 100ms, true);
    CHECK_FALSE(spread.is_on_trial());
    CHECK_FALSE(spread.wants_trial(2, 50, start));  // the average forms anew
    answer(spread, 1, 400ms);
    CHECK(spread.wants_trial(2, 50, start));
}

TEST_CASE("a trial that is no faster is the last one for a while, and then for longer") {
    H2Spread spread;
    answer(spread, 1, 100ms);
    answer(spread, 100, 500ms);
    spread.begin_trial();
    answer(spread, H2Spread::samples, 490ms, true);
    CHECK_FALSE(spread.is_on_trial());
    CHECK_FALSE(spread.wants_trial(2, 50, start + 9s));
    CHECK(spread.wants_trial(2, 50, start + 10s));
    spread.begin_trial();
    answer(spread, H2Spread::samples, 490ms, true, start + 10s);
    CHECK_FALSE(spread.wants_trial(2, 50, start + 29s));
    CHECK(spread.wants_trial(2, 50, start + 30s));
}
