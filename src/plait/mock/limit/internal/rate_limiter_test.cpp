#include "plait/mock/limit/internal/rate_limiter.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::mock;
using namespace plait::mock::internal;
using namespace std::chrono_literals;

namespace {

const TimePoint start(100h);

/// Accepts a request when no window that ends with it has more than the rates allow. Remembers everything.
class NaiveLimiter {
  public:
    explicit NaiveLimiter(std::vector<AllowedRate> rates) : rates_(std::move(rates)) {}

    bool lets_in(TimePoint now) {
        for (const AllowedRate& rate : rates_) {
            const auto recent =
                std::count_if(let_in_.begin(), let_in_.end(), [&](TimePoint when) { return when > now - rate.window; });
            if (static_cast<std::uint64_t>(recent) >= rate.requests) return false;
        }
        let_in_.push_back(now);
        return true;
    }

  private:
    std::vector<AllowedRate> rates_;
    std::vector<TimePoint> let_in_;
};

std::vector<AllowedRate> rates(std::initializer_list<const char*> texts) {
    std::vector<AllowedRate> result;
    for (const char* text : texts) result.push_back(AllowedRate::parse(text));
    return result;
}

}  // namespace

TEST_CASE("the limiter agrees with a naive one, for each key and any pattern of arrivals") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 40; ++round) {
        CAPTURE(round);
        std::vector<AllowedRate> both;
        for (int i = 0; i < 2; ++i) {
            AllowedRate rate;
            rate.requests = 1 + random() % 9;
            rate.window = Duration(1 + random() % 1000) * 1'000'000;
            both.push_back(rate);
        }
        RateLimiter limiter(both);
        std::map<std::string, NaiveLimiter> naive;
        TimePoint now = start;
        for (int request = 0; request < 400; ++request) {
            // Bursts, trickles, and arrivals exactly at the edge of a window.
            const auto kind = random() % 4;
            if (kind == 1) now += Duration(random() % 300) * 1'000'000;
            if (kind == 2) now += both[random() % 2].window;
            if (kind == 3) now += both[0].window - 1ns;
            const std::string key(1, static_cast<char>('a' + random() % 2));
            const bool expected = naive.try_emplace(key, both).first->second.lets_in(now);
            REQUIRE(limiter.judge(key, now).let_in == expected);
        }
    }
}

TEST_CASE("a window excludes its end") {
    RateLimiter limiter(rates({"2/s"}));
    CHECK(limiter.judge("", start).let_in);
    CHECK(limiter.judge("", start + 400ms).let_in);
    CHECK_FALSE(limiter.judge("", start + 1s - 1ns).let_in);
    CHECK(limiter.judge("", start + 1s).let_in);
    CHECK_FALSE(limiter.judge("", start + 1s).let_in);
}

TEST_CASE("a refused client that comes again at the given time is accepted") {
    RateLimiter limiter(rates({"3/s", "5/m"}));
    std::mt19937_64 random(3);
    TimePoint now = start;
    for (int i = 0; i < 100; ++i) {
        now += Duration(random() % 200) * 1'000'000;
        const Verdict verdict = limiter.judge("", now);
        if (verdict.let_in) continue;
        const Duration wait = verdict.limits[verdict.tightest].reset;
        REQUIRE(wait > 0ns);
        REQUIRE_FALSE(limiter.judge("", now + wait - 1ns).let_in);
        now += wait;
        REQUIRE(limiter.judge("", now).let_in);
    }
}

TEST_CASE("refusals do not count") {
    RateLimiter limiter(rates({"1/s"}));
    CHECK(limiter.judge("", start).let_in);
    for (int i = 1; i < 1000; ++i) CHECK_FALSE(limiter.judge("", start + i * 1ms).let_in);
    CHECK(limiter.judge("", start + 1s).let_in);
}

TEST_CASE("the tightest of several rates is the one that is sent") {
    RateLimiter limiter(rates({"10/s", "3/m"}));
    const Verdict first = limiter.judge("", start);
    CHECK(first.tightest == 1);
    CHECK(first.limits[0].remaining == 9);
    CHECK(first.limits[1].remaining == 2);
    limiter.judge("", start);
    limiter.judge("", start);
    const Verdict refused = limiter.judge("", start + 500ms);
    CHECK_FALSE(refused.let_in);
    CHECK(refused.tightest == 1);
    CHECK(refused.limits[1].reset == 59500ms);
    CHECK(refused.limits[0].reset == 0ns);
}

TEST_CASE("unused keys are forgotten when there are many") {
    RateLimiter limiter(rates({"1/s"}));
    for (std::size_t i = 0; i < RateLimiter::most_keys; ++i) limiter.judge(std::to_string(i), start);
    CHECK(limiter.keys() == RateLimiter::most_keys);
    CHECK(limiter.judge("one too many", start).let_in);
    CHECK_FALSE(limiter.judge("they share a window", start).let_in);
    CHECK(limiter.judge("later there is room", start + 2s).let_in);
    CHECK(limiter.keys() == 1);
}
