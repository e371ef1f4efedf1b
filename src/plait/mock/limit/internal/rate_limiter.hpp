#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/limit/allowed_rate.hpp"
#include "plait/mock/limit/internal/limit_text.hpp"
#include "plait/mock/limit/internal/meter.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace plait::mock::internal {

/// The verdict of a limiter on one request.
struct Verdict {
    Verdict() {}

    bool let_in = true;
    std::vector<LimitState> limits;  ///< one for each rate; empty without limits
    bool is_told = true;             ///< whether header fields show these limits
    std::size_t tightest = 0;
    Duration delay{};  ///< how long an accepted request is delayed
};

/// The verdict on a request over the limit in flight, which does not say when to come again.
Verdict too_many_in_flight(std::size_t most);

/// Accepts requests as the rates allow, separately for each key.
class RateLimiter {
  public:
    /// The most keys with meters of their own. Further keys share one set.
    static constexpr std::size_t most_keys = 100'000;

    /// `since_1970` is the calendar time at which the clock was zero.
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
