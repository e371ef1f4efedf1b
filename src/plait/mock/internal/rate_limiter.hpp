#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/internal/limit_text.hpp"
#include "plait/mock/mock_options.hpp"

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace plait::mock::internal {

/// Remembers when requests were let in, so that no window has more of them than the rate allows. A window ends where
/// the next one begins: of two requests a window's length apart each has its own.
class SlidingWindow {
  public:
    explicit SlidingWindow(AllowedRate rate) : rate_(rate) {}

    /// Forgets those that no window with `now` in it has. Before all else at a time.
    void move_to(TimePoint now);

    bool has_room() const noexcept { return let_in_.size() < rate_.requests; }
    bool is_empty() const noexcept { return let_in_.empty(); }
    void let_in(TimePoint now) { let_in_.push_back(now); }

    /// Where a client stands; `refused`: it is to know when to come again.
    LimitState state(TimePoint now, bool refused) const;

  private:
    AllowedRate rate_;
    std::deque<TimePoint> let_in_;
};

/// What a limiter says to one request.
struct Verdict {
    Verdict() {}

    bool let_in = true;
    std::vector<LimitState> limits;  ///< one for each rate; none: there is no limit
    std::size_t tightest = 0;
};

/// Lets requests in as the rates allow, each key for itself. Those that it refuses count for nothing.
class RateLimiter {
  public:
    /// Keys that have windows of their own at a time. Those that come beyond it share one.
    static constexpr std::size_t most_keys = 100'000;

    explicit RateLimiter(std::vector<AllowedRate> rates) : rates_(std::move(rates)) {}

    Verdict judge(std::string_view key, TimePoint now);

    std::size_t keys() const noexcept { return windows_.size(); }

  private:
    using Windows = std::vector<SlidingWindow>;
    Windows& windows_of(std::string_view key, TimePoint now);
    void forget_idle_keys(TimePoint now);

    std::vector<AllowedRate> rates_;
    std::unordered_map<std::string, Windows> windows_;
    TimePoint next_clean_up_{};
};

}  // namespace plait::mock::internal
