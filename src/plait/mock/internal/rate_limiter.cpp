#include "plait/mock/internal/rate_limiter.hpp"

#include <algorithm>
#include <iterator>

namespace plait::mock::internal {

namespace {

/// How often all keys are looked at for idle ones, when there is room for no more.
constexpr Duration between_clean_ups = std::chrono::seconds(1);

}  // namespace

void SlidingWindow::move_to(TimePoint now) {
    while (!let_in_.empty() && let_in_.front() + rate_.window <= now) let_in_.pop_front();
}

LimitState SlidingWindow::state(TimePoint now, bool refused) const {
    LimitState state;
    state.limit = rate_.requests;
    state.window = rate_.window;
    state.remaining = rate_.requests - let_in_.size();
    if (let_in_.empty() || (refused && has_room())) return state;
    state.reset = (refused ? let_in_.front() : let_in_.back()) + rate_.window - now;
    return state;
}

Verdict RateLimiter::judge(std::string_view key, TimePoint now) {
    Verdict verdict;
    if (rates_.empty()) return verdict;
    Windows& windows = windows_of(key, now);
    for (SlidingWindow& window : windows) window.move_to(now);
    verdict.let_in = std::all_of(windows.begin(), windows.end(), [](const auto& window) { return window.has_room(); });
    for (SlidingWindow& window : windows) {
        if (verdict.let_in) window.let_in(now);
        verdict.limits.push_back(window.state(now, !verdict.let_in));
    }
    // The one to wait for longest, when refused; else the one with the least left.
    const auto is_tighter = [&](const LimitState& a, const LimitState& b) {
        return verdict.let_in ? a.remaining < b.remaining : a.reset > b.reset;
    };
    const auto tightest = std::min_element(verdict.limits.begin(), verdict.limits.end(), is_tighter);
    verdict.tightest = static_cast<std::size_t>(tightest - verdict.limits.begin());
    return verdict;
}

RateLimiter::Windows& RateLimiter::windows_of(std::string_view key, TimePoint now) {
    const auto fresh = [this] { return Windows(rates_.begin(), rates_.end()); };
    const auto known = windows_.find(std::string(key));
    if (known != windows_.end()) return known->second;
    if (windows_.size() >= most_keys) forget_idle_keys(now);
    if (windows_.size() >= most_keys) key = {};
    return windows_.try_emplace(std::string(key), fresh()).first->second;
}

void RateLimiter::forget_idle_keys(TimePoint now) {
    if (now < next_clean_up_) return;
    next_clean_up_ = now + between_clean_ups;
    for (auto entry = windows_.begin(); entry != windows_.end();) {
        bool is_idle = true;
        for (SlidingWindow& window : entry->second) {
            window.move_to(now);
            is_idle = is_idle && window.is_empty();
        }
        entry = is_idle ? windows_.erase(entry) : std::next(entry);
    }
}

}  // namespace plait::mock::internal
