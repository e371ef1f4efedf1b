#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/internal/limit_text.hpp"
#include "plait/mock/internal/meter.hpp"
#include "plait/mock/mock_options.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace plait::mock::internal {

/// What a limiter says to one request.
struct Verdict {
    Verdict() {}

    bool let_in = true;
    std::vector<LimitState> limits;  ///< one for each rate; none: there is no limit
    bool is_told = true;             ///< header fields tell of these limits
    std::size_t tightest = 0;
    Duration delay{};  ///< how long a request that is let in has to wait first
};

/// The verdict over a request that comes while as many are in flight as may be: nothing tells when to come again.
Verdict too_many_in_flight(std::size_t most);

/// Lets requests in as the rates allow, each key for itself.
class RateLimiter {
  public:
    /// Keys that have meters of their own at a time. Those that come beyond it share them.
    static constexpr std::size_t most_keys = 100'000;

    /// `since_1970` is the calendar's time when the clock showed zero.
    explicit RateLimiter(std::vector<AllowedRate> rates, Duration since_1970 = {})
        : rates_(std::move(rates)), since_1970_(since_1970) {}

    Verdict judge(std::string_view key, TimePoint now);

    std::size_t keys() const noexcept { return meters_.size(); }

  private:
    using Meters = std::vector<std::unique_ptr<Meter>>;
    Meters& meters_of(std::string_view key, TimePoint now);
    void forget_idle_keys(TimePoint now);

    std::vector<AllowedRate> rates_;
    Duration since_1970_;
    std::unordered_map<std::string, Meters> meters_;
    TimePoint next_clean_up_{};
};

}  // namespace plait::mock::internal
