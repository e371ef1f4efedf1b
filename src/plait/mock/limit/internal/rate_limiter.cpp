#include "plait/mock/limit/internal/rate_limiter.hpp"

#include <algorithm>
#include <iterator>

namespace plait::mock::internal {

namespace {

/// How often to look for idle keys when there is no room for another.
constexpr Duration between_clean_ups = std::chrono::seconds(1);

}  // namespace

Verdict too_many_in_flight(std::size_t most) {
    Verdict verdict;
    verdict.let_in = false;
    verdict.is_told = false;
    LimitState& state = verdict.limits.emplace_back();
    state.limit = most;
    state.window = state.reset = std::chrono::seconds(1);
    return verdict;
}

Verdict RateLimiter::judge(std::string_view key, TimePoint now) {
    Verdict verdict;
    if (rates_.empty()) return verdict;
    Meters& meters = meters_of(key, now);
    for (const auto& meter : meters) meter->move_to(now);
    verdict.let_in = std::all_of(meters.begin(), meters.end(), [](const auto& meter) { return meter->has_room(); });
    for (const auto& meter : meters) {
        verdict.let_in ? meter->let_in() : meter->refuse();
        verdict.limits.push_back(meter->state(!verdict.let_in));
        if (verdict.let_in) verdict.delay = std::max(verdict.delay, meter->delay());
    }
    // The limit with the longest wait after a refusal, otherwise the one with the least left.
    const auto is_tighter = [&](const LimitState& a, const LimitState& b) {
        return verdict.let_in ? a.remaining < b.remaining : a.reset > b.reset;
    };
    const auto tightest = std::min_element(verdict.limits.begin(), verdict.limits.end(), is_tighter);
    verdict.tightest = static_cast<std::size_t>(tightest - verdict.limits.begin());
    return verdict;
}

RateLimiter::Meters& RateLimiter::meters_of(std::string_view key, TimePoint now) {
    const auto known = meters_.find(std::string(key));
    if (known != meters_.end()) return known->second;
    if (meters_.size() >= most_keys) forget_idle_keys(now);
    if (meters_.size() >= most_keys) key = {};
    const auto [entry, is_new] = meters_.try_emplace(std::string(key));
    if (is_new) {
        for (const AllowedRate& rate : rates_) entry->second.push_back(make_meter(rate, since_1970_));
    }
    return entry->second;
}

void RateLimiter::forget_idle_keys(TimePoint now) {
    if (now < next_clean_up_) return;
    next_clean_up_ = now + between_clean_ups;
    for (auto entry = meters_.begin(); entry != meters_.end();) {
        bool is_idle = true;
        for (const auto& meter : entry->second) {
            meter->move_to(now);
            is_idle = is_idle && meter->is_empty();
        }
        entry = is_idle ? meters_.erase(entry) : std::next(entry);
    }
}

}  // namespace plait::mock::internal
