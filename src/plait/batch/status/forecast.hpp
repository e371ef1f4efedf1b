#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/costs.hpp"
#include "plait/policy/rate_limit.hpp"
#include "plait/policy/stop_rules.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// What a forecast is made for.
class ForecastOptions {
  public:
    ForecastOptions() noexcept {}

    std::vector<policy::RateLimit> limits;  ///< each group has its own count of them
    std::vector<policy::Budget> budgets;
    std::size_t concurrency = 100;    ///< calls in flight in all
    std::optional<Duration> latency;  ///< of a call; without it concurrency tells nothing
};

/// No run is done sooner than this.
class TimeBound {
  public:
    TimeBound(std::string because_, double seconds_) : because(std::move(because_)), seconds(seconds_) {}

    std::string because;  ///< such as `requests=500/m of https://api.example`
    double seconds;       ///< may be more than a `Duration` holds
};

/// Whether a budget is enough.
class BudgetForecast {
  public:
    explicit BudgetForecast(policy::Budget budget_) : rule(std::move(budget_)) {}

    policy::BudgetRule rule;
    double needed = 0;             ///< for all calls that say what they cost
    std::uint64_t enough_for = 0;  ///< calls, in the order of the input
    std::uint64_t untold = 0;      ///< calls that do not say what they cost of it
    bool is_enough() const noexcept { return needed <= rule.spent(); }
};

/// What all calls together cost of a unit.
class UnitSum {
  public:
    explicit UnitSum(std::string_view unit_) : unit(unit_) {}

    std::string unit;
    double sum = 0;
    std::uint64_t calls = 0;  ///< that say what they cost
};

/// What a run will take, if the calls cost what they say.
class Forecast {
  public:
    Forecast() noexcept {}

    std::vector<UnitSum> costs;
    std::vector<TimeBound> bounds;  ///< the longest first; empty when nothing bounds it
    std::vector<BudgetForecast> budgets;
    /// Units of a limit of which some calls do not say what they cost, and how many: no bound counts these.
    std::vector<std::pair<std::string, std::uint64_t>> untold;
};

/// Adds up what calls cost. Its size grows with the number of groups, up to a bound, not with that of calls.
class Forecaster {
  public:
    /// Groups beyond these are not told apart, and bound nothing.
    static constexpr std::size_t most_groups = 100'000;
    /// A call names no more units than that on purpose; further ones are not added up.
    static constexpr std::size_t most_units = 100;

    explicit Forecaster(ForecastOptions options);

    /// One more call, in the order of the input.
    void add(std::string_view group, const policy::Costs& costs);

    std::uint64_t calls() const noexcept { return calls_; }
    /// The groups with the most calls, at most so many; and how many there are.
    std::vector<std::pair<std::string, std::uint64_t>> busiest_groups(std::size_t most) const;
    std::size_t group_count() const noexcept { return groups_.size(); }

    Forecast forecast() const;

  private:
    struct Group {
        std::uint64_t calls = 0;
        std::vector<double> used;  // of each limit
    };

    void add_costs(const policy::Costs& costs);
    void add_to_budgets(const policy::Costs& costs);
    void add_to_group(std::string_view group, const policy::Costs& costs);
    std::vector<TimeBound> bounds() const;

    ForecastOptions options_;
    std::uint64_t calls_ = 0;
    std::map<std::string, Group, std::less<>> groups_;
    std::vector<UnitSum> costs_;
    std::vector<BudgetForecast> budgets_;
    std::vector<std::uint64_t> untold_;  // of each limit
};

}  // namespace plait::batch
