// How well limits are learnt, against models of the limiters that servers use, with random arrivals, latencies and
// roundings.

#include "plait/base/random.hpp"
#include "plait/policy/pace/server_limits.hpp"
#include "plait/testing/seeds.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

namespace {

double allowed = 40;
double window = 8;  // seconds, as all times of the models

/// Another limit, during a test.
class Instead {
  public:
    Instead(double allowed_, double window_)
        : before_allowed_(std::exchange(allowed, allowed_)), before_window_(std::exchange(window, window_)) {}
    Instead(const Instead&) = delete;
    Instead& operator=(const Instead&) = delete;
    ~Instead() {
        allowed = before_allowed_;
        window = before_window_;
    }

  private:
    double before_allowed_;
    double before_window_;
};

Duration of_seconds(double seconds) { return Duration(static_cast<Duration::rep>(seconds * 1e9)); }

/// What a limiter says to a request.
struct Verdict {
    bool let_in = true;
    double remaining = 0;
    double reset = 0;  // until more is available, or all of it
    double wait = 0;   // until a refused request may be sent again
};
using Limiter = std::function<Verdict(double now)>;

/// A window begins with the first request after the last one, or by a clock.
Limiter fixed_window(std::optional<double> phase) {
    return [phase, begin = -1e9, used = 0.0](double now) mutable {
        if (now >= begin + window) {
            begin = phase ? std::floor((now - *phase) / window) * window + *phase : now;
            used = 0;
        }
        const bool let_in = used < allowed;
        used += let_in ? 1 : 0;
        return Verdict{let_in, allowed - used, begin + window - now, begin + window - now};
    };
}

Limiter sliding_window() {
    return [log = std::deque<double>()](double now) mutable {
        while (!log.empty() && log.front() + window <= now) log.pop_front();
        const bool let_in = static_cast<double>(log.size()) < allowed;
        if (let_in) log.push_back(now);
        const double first_free = log.front() + window - now;
        return Verdict{let_in, allowed - static_cast<double>(log.size()), log.back() + window - now, first_free};
    };
}

/// The last window counts by the share of it that a sliding one would still cover. Like HAProxy's, it may count what it
/// refuses, too.
Limiter sliding_counter(bool counts_refused = false) {
    return [counts_refused, begin = 0.0, last = 0.0, current = 0.0](double now) mutable {
        const double begins = std::floor(now / window) * window;
        if (begins != begin) {
            last = begins - begin < 1.5 * window ? current : 0;
            current = 0;
            begin = begins;
        }
        const double count = last * (1 - (now - begin) / window) + current;
        const bool let_in = count + 1 <= allowed;
        current += let_in || counts_refused ? 1 : 0;
        const double left = std::max(0.0, std::floor(allowed - count - (let_in ? 1 : 0)));
        return Verdict{let_in, left, begin + window - now, window};
    };
}

Limiter bucket() {
    return [tokens = allowed, last = 0.0](double now) mutable {
        tokens = std::min(allowed, tokens + (now - last) * allowed / window);
        last = now;
        const bool let_in = tokens >= 1;
        tokens -= let_in ? 1 : 0;
        const double next = std::max(0.0, (1 - tokens) * window / allowed);
        return Verdict{let_in, std::floor(tokens), (allowed - tokens) * window / allowed, next};
    };
}

/// A bucket for one request.
Limiter one_at_a_time() {
    return [next = 0.0](double now) mutable {
        const bool let_in = now >= next;
        if (let_in) next = std::max(next + window / allowed, now);
        return Verdict{let_in, 0, next - now, next - now};
    };
}

/// The window restarts with each request that is let in; like mod_evasive's, also with each that is refused.
Limiter quiet_window(bool counts_refused) {
    return [counts_refused, last = -1e9, used = 0.0](double now) mutable {
        if (now >= last + window) used = 0;
        const bool let_in = used < allowed;
        used += let_in ? 1 : 0;
        if (let_in || counts_refused) last = now;
        return Verdict{let_in, allowed - used, last + window - now, last + window - now};
    };
}

/// How a server announces its limit.
struct Telling {
    bool remaining = false;
    bool wait = false;
    double grain = 0;  // of resets: whole seconds, or exact
    bool rounds_up = true;
    bool is_epoch = false;  // the reset is a time of day, not a time from now

    double rounded(double reset, double clock) const {
        if (grain == 0) return reset;
        const double told = is_epoch ? clock + reset : reset;
        const double whole = rounds_up ? std::ceil(told) : std::floor(told);
        return std::max(0.0, is_epoch ? whole - clock : whole);
    }
};

/// The outcome of a run.
struct Outcome {
    double let_in = 0;
    double refused = 0;
    bool is_parked = false;
};

/// A client that always has more calls to make, up to 100 in flight, at a server of this kind for ten windows.
class Run {
  public:
    Run(Limiter limiter, const Telling& telling, double latency, std::uint64_t seed)
        : limiter_(std::move(limiter)), telling_(telling), latency_(latency), random_(seed), clock_(draw(random_)) {
        ServerLimitsOptions options;
        options.opening.first_look = 32;
        limits_ = std::make_unique<ServerLimits>(options);
    }

    Outcome ten_windows() { return windows(10); }

    Outcome windows(int count) {
        for (;;) {
            leave_all();
            if (outcome_.is_parked || events_.empty()) return outcome_;
            const Event event = events_.top();
            events_.pop();
            now_ = event.time;
            if (now_ > count * window) return outcome_;
            if (event.kind == Event::arrives) arrive(event.number);
            if (event.kind == Event::answered) answer(event.number);
        }
    }

  private:
    struct Event {
        enum Kind { wake, arrives, answered };
        double time;
        Kind kind;
        std::uint64_t number;
        bool operator<(const Event& other) const { return time > other.time; }
    };
    struct Call {
        ServerLimits::Grant grant;
        Verdict verdict;
    };

    TimePoint moment() const { return TimePoint(of_seconds(now_ + 3600)); }
    double half_way() { return latency_ / 2 * (0.5 + draw(random_)); }

    void leave_all() {
        while (calls_.size() < 100) {
            const TimePoint when = limits_->earliest(Costs(), moment());
            outcome_.is_parked = limits_->parked(moment()).has_value();
            if (outcome_.is_parked || when == TimePoint::max()) return;
            if (when > moment()) {
                const double wake = std::chrono::duration<double>(when - moment()).count();
                events_.push({now_ + wake + 1e-9, Event::wake, 0});
                return;
            }
            Call call{limits_->sent(Costs(), moment()), {}};
            const std::uint64_t number = call.grant.number;
            calls_.emplace(number, std::move(call));
            events_.push({now_ + half_way(), Event::arrives, number});
        }
    }

    void arrive(std::uint64_t number) {
        Verdict& verdict = calls_.at(number).verdict;
        verdict = limiter_(now_);
        verdict.reset = telling_.rounded(verdict.reset, clock_ + now_);
        verdict.wait = telling_.grain == 0 ? verdict.wait : std::ceil(verdict.wait);
        events_.push({now_ + half_way(), Event::answered, number});
    }

    void answer(std::uint64_t number) {
        Call& call = calls_.at(number);
        if (telling_.remaining) {
            LimitNotice notice(requests_unit, "x-ratelimit-remaining");
            notice.limit = allowed;
            notice.remaining = call.verdict.remaining;
            notice.reset = of_seconds(call.verdict.reset);
            notice.reset_grain = of_seconds(telling_.grain);
            limits_->notice(notice, call.grant, moment());
        }
        if (call.verdict.let_in) {
            limits_->accepted(call.grant, moment());
            outcome_.let_in += 1;
        } else {
            const auto wait = telling_.wait ? std::optional(of_seconds(call.verdict.wait)) : std::nullopt;
            limits_->refused(wait, "status 429", call.grant, moment());
            outcome_.refused += 1;
        }
        limits_->ended(call.grant, moment());
        calls_.erase(number);
    }

    Limiter limiter_;
    Telling telling_;
    double latency_;
    Random random_;
    double clock_;  // what the server's clock shows at the start, beyond whole seconds
    std::unique_ptr<ServerLimits> limits_;
    std::priority_queue<Event> events_;
    std::map<std::uint64_t, Call> calls_;
    double now_ = 0;
    Outcome outcome_;
};

/// Checks the mean of many runs, each with another seed: at least this share of what is allowed, at most this share of
/// all attempts refused.
void check_mean(const std::function<Limiter(Random&)>& limiter, const Telling& telling, double latency, double pace,
                double refused) {
    const std::uint64_t runs = testing::seeds(60);
    Outcome sum;
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
        Random random(seed);
        const Outcome outcome = Run(limiter(random), telling, latency, seed).ten_windows();
        CHECK_FALSE(outcome.is_parked);
        sum.let_in += outcome.let_in;
        sum.refused += outcome.refused;
    }
    CHECK(sum.let_in / static_cast<double>(runs) >= pace * 10 * allowed);
    CHECK(sum.refused <= refused * (sum.let_in + sum.refused));
}

const std::function<Limiter(Random&)> from_first_call = [](Random&) { return fixed_window(std::nullopt); };
const std::function<Limiter(Random&)> by_clock = [](Random& random) { return fixed_window(draw(random) * window); };
const std::function<Limiter(Random&)> slides = [](Random&) { return sliding_window(); };
const std::function<Limiter(Random&)> counts = [](Random&) { return sliding_counter(); };
const std::function<Limiter(Random&)> refills = [](Random&) { return bucket(); };

}  // namespace

TEST_CASE("a fixed window that is announced exactly is used fully and never exceeded") {
    const Telling exact{.remaining = true};
    for (const double latency : {0.002, 0.09}) {
        check_mean(from_first_call, exact, latency, 0.97, 0);
        check_mean(by_clock, exact, latency, 0.97, 0);
    }
}

TEST_CASE("a fixed window whose reset is rounded is used nearly fully and hardly ever exceeded") {
    for (const bool rounds_up : {true, false}) {
        for (const bool is_epoch : {true, false}) {
            CAPTURE(rounds_up);
            CAPTURE(is_epoch);
            const Telling whole{
                .remaining = true, .wait = rounds_up, .grain = 1, .rounds_up = rounds_up, .is_epoch = is_epoch};
            check_mean(from_first_call, whole, 0.002, 0.93, 0.03);
            check_mean(by_clock, whole, 0.002, 0.93, 0.03);
        }
    }
}

TEST_CASE("an announced sliding counter or bucket is used nearly fully") {
    const Telling whole{.remaining = true, .wait = true, .grain = 1, .is_epoch = true};
    check_mean(counts, whole, 0.002, 0.93, 0.03);
    check_mean(refills, Telling{.remaining = true}, 0.002, 0.93, 0.03);
}

TEST_CASE("limits of which only refusals give a time are used nearly fully") {
    const Telling wait{.wait = true, .grain = 1};
    for (const double latency : {0.002, 0.03}) {
        CAPTURE(latency);
        check_mean(from_first_call, wait, latency, 0.93, 0.03);
        check_mean(slides, wait, latency, 0.93, 0.03);
        check_mean(refills, wait, latency, 0.93, 0.04);
    }
    check_mean(from_first_call, wait, 0.09, 0.93, 0.2);
}

TEST_CASE("limits that nothing announces are used nearly fully") {
    const Telling nothing;
    for (const double latency : {0.002, 0.03}) {
        CAPTURE(latency);
        check_mean(from_first_call, nothing, latency, 0.93, 0.06);
        check_mean(by_clock, nothing, latency, 0.93, 0.06);
        check_mean(slides, nothing, latency, 0.93, 0.06);
        check_mean(refills, nothing, latency, 0.93, 0.06);
    }
    check_mean(from_first_call, nothing, 0.09, 0.93, 0.22);
}

TEST_CASE("a counter that counts what it refuses is used nearly fully") {
    const auto counts_all = [](Random&) { return sliding_counter(true); };
    check_mean(counts_all, Telling(), 0.002, 0.93, 0.06);
}

TEST_CASE("a bucket for one request is used nearly fully once its rate is found") {
    const auto single = [](Random&) { return one_at_a_time(); };
    check_mean(single, Telling(), 0.002, 0.9, 0.12);
}

TEST_CASE("a window that each call postpones is used fully, although its reset is rounded down") {
    const auto postponed = [](Random&) { return quiet_window(false); };
    const Telling down{.remaining = true, .grain = 1, .rounds_up = false, .is_epoch = true};
    for (const double latency : {0.002, 0.09}) check_mean(postponed, down, latency, 0.93, 0.03);
}

TEST_CASE("a window that refused calls postpone, too, is found to need quiet") {
    for (std::uint64_t seed = 1; seed <= testing::seeds(20); ++seed) {
        CAPTURE(seed);
        CHECK(Run(quiet_window(true), Telling(), 0.01, seed).ten_windows().let_in >= 0.5 * 10 * allowed);
        const double at_first = Run(quiet_window(true), Telling(), 0.01, seed).windows(20).let_in;
        const double in_all = Run(quiet_window(true), Telling(), 0.01, seed).windows(50).let_in;
        CHECK(in_all - at_first >= 0.7 * 30 * allowed);
    }
}

TEST_CASE("a limit for a second at a server a tenth of a second away is used for most of a minute") {
    const Instead limit(50, 1);
    for (std::uint64_t seed = 1; seed <= testing::seeds(10); ++seed) {
        CAPTURE(seed);
        CHECK(Run(fixed_window(std::nullopt), Telling(), 0.09, seed).windows(60).let_in >= 0.6 * 60 * allowed);
        CHECK(Run(bucket(), Telling(), 0.09, seed).windows(60).let_in >= 0.6 * 60 * allowed);
    }
}
