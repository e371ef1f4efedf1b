#include "plait/policy/pace/announced_quota.hpp"

#include "plait/policy/pace/costs.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <optional>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

namespace {

/// A quota, and calls of one request each that are sent and answered.
class Bench {
  public:
    AnnouncedQuota quota{requests_unit, "x-ratelimit-remaining"};
    TimePoint now = TimePoint(1h);

    AnnouncedQuota::Call sent() {
        const AnnouncedQuota::Call call{++number_, now, 1, static_cast<double>(number_)};
        quota.sent(call, in_flight_);
        in_flight_ += 1;
        return call;
    }
    void answer(const AnnouncedQuota::Call& call, double remaining, std::optional<Duration> reset,
                Duration grain = {}) {
        LimitNotice notice(requests_unit, "x-ratelimit-remaining");
        notice.limit = 40;
        notice.remaining = remaining;
        notice.reset = reset;
        notice.reset_grain = grain;
        quota.update(notice, call, now);
        end(call, true);
    }
    void end(const AnnouncedQuota::Call& call, bool is_answered) {
        in_flight_ -= 1;
        quota.ended(call, is_answered, now);
    }
    TimePoint earliest() { return quota.earliest(1, in_flight_, now); }
    bool may_leave() { return earliest() == now; }
    /// Sends as many calls as may be sent now. Returns their number.
    int leave_all() {
        int count = 0;
        for (; may_leave(); ++count) sent();
        return count;
    }

  private:
    std::uint64_t number_ = 0;
    double in_flight_ = 0;
};

}  // namespace

TEST_CASE("calls in flight are subtracted from what is left, whenever they were sent") {
    Bench bench;
    const auto first = bench.sent();
    const auto second = bench.sent();
    bench.now += 1s;
    const auto third = bench.sent();
    bench.answer(second, 5, 60s);
    CHECK(bench.leave_all() == 3);  // the first and the third may not have been counted yet
    bench.answer(third, 4, 60s);
    CHECK_FALSE(bench.may_leave());
    bench.answer(first, 6, 60s);  // the server counted it before the others
    CHECK(bench.leave_all() == 1);
}

TEST_CASE("an answer that arrives out of order does not raise what is left") {
    Bench bench;
    const auto first = bench.sent();
    bench.now += 1s;
    const auto second = bench.sent();
    bench.now += 1s;
    bench.answer(second, 1, 60s);
    bench.answer(first, 2, 60s);
    CHECK(bench.leave_all() == 1);
}

TEST_CASE("a failed call may have been counted, and is subtracted until a later answer shows it") {
    Bench bench;
    const auto told = bench.sent();
    const auto failed = bench.sent();
    bench.answer(told, 2, 60s);
    bench.end(failed, false);
    CHECK(bench.may_leave());
    bench.now += 1s;
    const auto later = bench.sent();
    CHECK_FALSE(bench.may_leave());
    bench.now += 1s;
    bench.answer(later, 2, 58s);
    CHECK(bench.leave_all() == 2);
}

TEST_CASE("a quota that answers no longer mention is forgotten") {
    Bench bench;
    bench.answer(bench.sent(), 0, std::nullopt);
    CHECK(bench.may_leave());
    for (int answer = 0; answer < 8; ++answer) {
        const auto call = bench.sent();
        CHECK_FALSE(bench.may_leave());  // one at a time
        bench.end(call, true);
    }
    CHECK(bench.quota.left(0, bench.now) == std::nullopt);
    for (int call = 0; call < 100; ++call) bench.sent();
    CHECK(bench.may_leave());
}

TEST_CASE("after the reset one call is sent, and then as many as its answer allows") {
    Bench bench;
    bench.answer(bench.sent(), 0, 8s);
    CHECK(bench.earliest() == bench.now + 8s + 200ms);  // as long after it as one call of 40 takes
    bench.now = bench.earliest();
    const auto probe = bench.sent();
    CHECK(bench.earliest() == TimePoint::max());
    bench.now += 50ms;
    bench.answer(probe, 39, 8s);
    CHECK(bench.leave_all() == 39);
}

TEST_CASE("a call that leaves before the reset and is counted after it begins the new window") {
    Bench bench;
    bench.answer(bench.sent(), 20, 1s);
    bench.now += 500ms;
    bench.answer(bench.sent(), 19, 500ms);
    bench.now += 450ms;
    const auto late = bench.sent();
    bench.now += 100ms;
    bench.answer(late, 39, 7950ms);
    CHECK(bench.quota.resets_at() == bench.now + 7950ms);
    CHECK(bench.leave_all() == 39);
}

TEST_CASE("a call that is sent too early for the reset costs a moment and not a window") {
    Bench bench;
    bench.answer(bench.sent(), 0, 8s, 1s);
    const TimePoint told = bench.now + 8s;
    const TimePoint really = told + 800ms;
    int refused = 0;
    for (;; ++refused) {
        bench.now = bench.earliest();
        REQUIRE(bench.now < told + 2s);
        const auto probe = bench.sent();
        if (bench.now >= really) break;
        bench.answer(probe, 0, bench.now < told ? told - bench.now : Duration::zero(), 1s);
    }
    CHECK(refused <= 3);
    CHECK(bench.now < really + 500ms);
}

TEST_CASE("the start of the next window is found, although its reset was rounded up") {
    // Windows of 8 s, each from its first call on; the reset is announced in whole seconds, rounded up.
    Bench bench;
    TimePoint begun = bench.now;
    TimePoint end = begun + 8s;
    double used = 0;
    int windows = 0;
    Duration lost{};
    const TimePoint stop = bench.now + 10min;
    while (bench.now < stop) {
        const TimePoint when = bench.earliest();
        REQUIRE(when != TimePoint::max());
        bench.now = when;
        if (bench.now >= end) {
            if (++windows > 2) lost += bench.now - end;
            begun = bench.now;
            end = begun + 8s;
            used = 0;
        }
        const auto call = bench.sent();
        REQUIRE(used < 40);
        used += 1;
        bench.now += 1ms;
        const auto in_day = (end + 300ms).time_since_epoch();
        const TimePoint told(std::chrono::ceil<std::chrono::seconds>(in_day) - 300ms);
        bench.answer(call, 40 - used, told - bench.now, 1s);
    }
    CHECK(windows > 70);
    CHECK(lost / (windows - 2) < 100ms);
}

TEST_CASE("a reset that each call postpones is waited for, and then the whole quota is used") {
    Bench bench;
    for (int call = 0; call < 37; ++call) bench.answer(bench.sent(), 39 - call, 8s, 1s);
    CHECK(bench.earliest() >
          bench.now + 2s);  // a scout, once a reset that it postpones differs by more than a rounding
    CHECK(bench.earliest() < bench.now + 3s);
    bench.now = bench.earliest();
    bench.answer(bench.sent(), 2, 8s, 1s);
    CHECK(bench.leave_all() == 2);
}

TEST_CASE("a quota that refills little by little is spent evenly") {
    Bench bench;
    for (int call = 0; call < 37; ++call) bench.answer(bench.sent(), 39 - call, 8s, 1s);
    const TimePoint reset = bench.now + 8s;
    bench.now = bench.earliest();
    bench.answer(bench.sent(), 2, reset - bench.now, 1s);
    while (bench.now < reset) {
        bench.now = std::max(bench.earliest(), bench.now + 1ms);
        bench.answer(bench.sent(), 1, bench.now < reset ? reset - bench.now : reset + 8s - bench.now, 1s);
    }
    const TimePoint begin = bench.now;
    int left = 0;
    for (; bench.now < begin + 80s; ++left) {
        bench.answer(bench.sent(), 0, 4s, 1s);
        bench.now = bench.earliest();
    }
    CHECK(left >= 0.93 * 400);
    CHECK(left <= 400);
}

TEST_CASE("an amount and a window are obeyed where the server does not say what is left") {
    Bench bench;
    bench.sent();
    const auto told = bench.sent();
    LimitNotice policy(requests_unit, "ratelimit-policy");
    policy.limit = 10;
    policy.window = 60s;
    bench.quota.update(policy, told, bench.now);
    CHECK(bench.leave_all() == 8);  // the two that were sent before count, too
    CHECK(bench.earliest() > bench.now + 60s);
    CHECK(bench.earliest() < bench.now + 62s);
}

TEST_CASE("a quota whose reset is as far away as it is used refills and is spent evenly") {
    Bench bench;
    for (int left = 39; left >= 0; --left) bench.answer(bench.sent(), left, (40 - left) * 200ms);
    const TimePoint begin = bench.now;
    int more = 0;
    for (; bench.now < begin + 8s; ++more) {
        bench.now = bench.earliest();
        bench.answer(bench.sent(), 0, 8s);
    }
    CHECK(more >= 37);
    CHECK(more <= 40);
}

TEST_CASE("a reset as coarse as its window is long is obeyed at first") {
    Bench bench;
    for (int second = 0; second < 2; ++second) {
        for (const double left : {1.0, 0.0}) {
            bench.now = bench.earliest();
            bench.answer(bench.sent(), left, 1s, 1s);
        }
        CHECK(bench.earliest() >= bench.now + 1s - 1ms);
        bench.now += 1ms;
    }
}

TEST_CASE("a reset that falls by a thousand in a second is in milliseconds") {
    Bench bench;
    const auto first = bench.sent();
    const auto second = bench.sent();
    bench.answer(first, 1, 8000s, 1s);
    bench.now += 20ms;
    bench.answer(second, 0, 7980s, 1s);
    CHECK(bench.earliest() > bench.now + 7s);
    CHECK(bench.earliest() < bench.now + 10s);
}

TEST_CASE("a wait that a refusal asks for takes precedence over the reset") {
    Bench bench;
    bench.answer(bench.sent(), 0, 60s);
    bench.quota.asked_to_wait_until(bench.now + 5s);
    CHECK(bench.earliest() < bench.now + 7s);
}
