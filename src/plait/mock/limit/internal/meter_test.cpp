#include "plait/mock/limit/internal/meter.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::mock;
using namespace plait::mock::internal;
using namespace std::chrono_literals;

namespace {

const TimePoint start(100h);
constexpr Duration since_1970 = 1'000'000h + 123456789ns;

/// Decides from all requests ever made, by the documented rules of each kind of limiter.
class NaiveLimiter {
  public:
    explicit NaiveLimiter(const AllowedRate& rate) : rate_(rate) {}

    /// How long the last accepted request is delayed.
    Duration delay{};

    bool lets_in(TimePoint now) {
        const bool result = has_room(now);
        all_.push_back(now);
        if (result) let_in_.push_back(now);
        return result;
    }

  private:
    template <class Condition>
    std::uint64_t count(Condition condition) const {
        return static_cast<std::uint64_t>(std::count_if(let_in_.begin(), let_in_.end(), condition));
    }

    bool has_room(TimePoint now) {
        switch (rate_.counting) {
            case Counting::sliding:
                return static_cast<std::uint64_t>(std::count_if(all_.begin(), all_.end(), [&](TimePoint when) {
                           return when > now - rate_.window;
                       })) < rate_.requests;
            case Counting::fixed:
                return has_room_in_fixed(now);
            case Counting::clock:
                return count([&](TimePoint when) { return clock_window(when) == clock_window(now); }) < rate_.requests;
            case Counting::counter:
                return has_room_in_counter(now);
            case Counting::silence:
                return has_room_in_silence(now);
            case Counting::bucket:
                return has_token(now);
            case Counting::leaky:
                return has_room_in_queue(now);
        }
        return false;
    }

    Duration::rep clock_window(TimePoint when) const { return (when.time_since_epoch() + since_1970) / rate_.window; }

    bool has_room_in_fixed(TimePoint now) const {
        TimePoint begin = now;
        std::uint64_t used = 0;
        for (const TimePoint when : let_in_) {
            if (used == 0 || when >= begin + rate_.window) {
                begin = when;
                used = 0;
            }
            ++used;
        }
        return now >= begin + rate_.window || used < rate_.requests;
    }

    bool has_room_in_counter(TimePoint now) const {
        const TimePoint first = all_.empty() ? now : all_.front();
        const auto window = (now - first) / rate_.window;
        const double share =
            1 - static_cast<double>(((now - first) % rate_.window).count()) / static_cast<double>(rate_.window.count());
        const std::vector<TimePoint>& counted = rate_.counts_refused ? all_ : let_in_;
        const auto in_window = [&](Duration::rep number) {
            return static_cast<std::uint64_t>(std::count_if(counted.begin(), counted.end(), [&](TimePoint when) {
                return (when - first) / rate_.window == number;
            }));
        };
        const double before = static_cast<double>(in_window(window - 1)) * (window == 0 ? 0 : share);
        return in_window(window) + static_cast<std::uint64_t>(std::llround(before)) < rate_.requests;
    }

    bool has_room_in_silence(TimePoint now) const {
        const std::vector<TimePoint>& counted = rate_.counts_refused ? all_ : let_in_;
        TimePoint since = now;
        for (auto when = counted.rbegin(); when != counted.rend() && since - *when < rate_.window; ++when)
            since = *when;
        return count([&](TimePoint when) { return when >= since; }) < rate_.requests;
    }

    Duration for_each() const { return rate_.window / static_cast<Duration::rep>(rate_.requests); }

    bool has_token(TimePoint now) const {
        const TimePoint first = all_.empty() ? now : all_.front();
        const auto stepped = [&](TimePoint when) {
            return rate_.step == 0ns ? when - first : (when - first) / rate_.step * rate_.step;
        };
        const Duration full = for_each() * static_cast<Duration::rep>(rate_.burst);
        Duration level = full;
        Duration last{};
        for (const TimePoint when : let_in_) {
            level = std::min(full, level + stepped(when) - last) - for_each();
            last = stepped(when);
        }
        return std::min(full, level + stepped(now) - last) >= for_each();
    }

    /// As nginx's ngx_http_limit_req_lookup does.
    bool has_room_in_queue(TimePoint now) {
        Duration excess{};
        if (is_known_) excess = std::max(0ns, excess_ - (now - last_) + for_each());
        if (excess > for_each() * static_cast<Duration::rep>(rate_.burst)) return false;
        delay = std::max(0ns, excess - for_each() * static_cast<Duration::rep>(rate_.undelayed));
        is_known_ = true;
        excess_ = excess;
        last_ = now;
        return true;
    }

    const AllowedRate rate_;
    std::vector<TimePoint> all_;
    std::vector<TimePoint> let_in_;
    bool is_known_ = false;
    Duration excess_{};
    TimePoint last_{};
};

/// Bursts, trickles, silence, and arrivals exactly at the edge of a window.
Duration pause(const AllowedRate& rate, std::mt19937_64& random) {
    const Duration for_each = rate.window / static_cast<Duration::rep>(rate.requests);
    switch (random() % 8) {
        case 0:
            return rate.window;
        case 1:
            return rate.window - 1ns;
        case 2:
            return for_each;
        case 3:
            return for_each - 1ns;
        case 4:
            return Duration(random() % static_cast<std::uint64_t>(2 * for_each.count()));
        default:
            return 0ns;
    }
}

bool ask(Meter& meter, TimePoint now) {
    meter.move_to(now);
    const bool result = meter.has_room();
    result ? meter.let_in() : meter.refuse();
    return result;
}

}  // namespace

TEST_CASE("each way of counting accepts what its documents say, for any pattern of arrivals") {
    std::mt19937_64 random(11);
    for (const char* text :
         {"sliding:4/s,count-refused", "fixed:4/s", "fixed:1/s", "clock:4/s", "counter:4/s", "counter:7/300ms",
          "counter:4/s,count-refused", "silence:4/s,count-refused", "silence:4/s", "bucket:4/s", "bucket:4/s,burst=9",
          "bucket:4/s,burst=1", "bucket:4/s,burst=6,step=700ms", "leaky:4/s", "leaky:4/s,burst=5",
          "leaky:4/s,burst=5,delay=2", "leaky:4/s,burst=5,nodelay"}) {
        const AllowedRate rate = AllowedRate::parse(text);
        for (int round = 0; round < 20; ++round) {
            CAPTURE(text);
            CAPTURE(round);
            const auto meter = make_meter(rate, since_1970);
            NaiveLimiter naive(rate);
            TimePoint now = start;
            for (int request = 0; request < 150; ++request) {
                now += pause(rate, random);
                const bool expected = naive.lets_in(now);
                REQUIRE(ask(*meter, now) == expected);
                if (expected) REQUIRE(meter->delay() == naive.delay);
            }
        }
    }
}

TEST_CASE("a refusal says when the next request is accepted, and it is accepted then") {
    std::mt19937_64 random(3);
    for (const char* text : {"3/s", "fixed:3/s", "clock:3/s", "silence:3/s", "bucket:3/s",
                             "bucket:2/s,burst=5,step=700ms", "leaky:3/s,burst=2"}) {
        CAPTURE(text);
        const auto meter = make_meter(AllowedRate::parse(text), since_1970);
        TimePoint now = start;
        for (int i = 0; i < 100; ++i) {
            now += Duration(random() % 200) * 1'000'000;
            if (ask(*meter, now)) continue;
            const Duration wait = meter->state(true).reset;
            REQUIRE(wait > 0ns);
            meter->move_to(now + wait - 1ns);
            REQUIRE_FALSE(meter->has_room());
            now += wait;
            REQUIRE(ask(*meter, now));
        }
    }
}

TEST_CASE("the answer to an accepted request says when the whole limit is free") {
    for (const char* text : {"3/s", "fixed:3/s", "silence:3/s", "bucket:3/s"}) {
        CAPTURE(text);
        const auto meter = make_meter(AllowedRate::parse(text), since_1970);
        CHECK(ask(*meter, start));
        CHECK(ask(*meter, start + 100ms));
        const LimitState state = meter->state(false);
        CHECK(state.remaining == 1);
        meter->move_to(start + 100ms + state.reset - 1ns);
        CHECK_FALSE(meter->is_empty());
        meter->move_to(start + 100ms + state.reset);
        CHECK(meter->is_empty());
    }
}

TEST_CASE("a clock window ends at a multiple of its length since 1970") {
    const auto meter = make_meter(AllowedRate::parse("clock:3/8s"), since_1970);
    CHECK(ask(*meter, start));
    const Duration end = start.time_since_epoch() + meter->state(false).reset + since_1970;
    CHECK(end % 8s == 0ns);
}

TEST_CASE("the reset of a counter is the end of its window, although more is accepted before") {
    const auto meter = make_meter(AllowedRate::parse("counter:10/s"), since_1970);
    for (int i = 0; i < 10; ++i) CHECK(ask(*meter, start));
    CHECK_FALSE(ask(*meter, start + 1s));
    CHECK(meter->state(true).reset == 1s);
    CHECK(ask(*meter, start + 1060ms));
}
