#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/pace/costs.hpp"
#include "plait/policy/pace/rate_limit.hpp"
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

/// The assumptions of a forecast.
class ForecastOptions {
  public:
    ForecastOptions() noexcept {}

    std::vector<policy::RateLimit> limits;  ///< apply to each group separately
    std::vector<policy::Budget> budgets;
    std::size_t concurrency = 100;                      ///< calls in flight in total
    std::optional<std::size_t> concurrency_per_origin;  ///< nothing: no limit of its own
    std::optional<Duration> latency;                    ///< of a call; without it, concurrency gives no bound
};

/// A lower bound of the time that a run takes.
class TimeBound {
  public:
    TimeBound(std::string because_, double seconds_) : because(std::move(because_)), seconds(seconds_) {}

    std::string because;  ///< such as `requests=500/m of https://api.example`
    double seconds;       ///< may exceed a `Duration`
};

/// Whether a budget is sufficient.
class BudgetForecast {
  public:
    explicit BudgetForecast(policy::Budget budget_) : rule(std::move(budget_)) {}

    policy::BudgetRule rule;
    double needed = 0;             ///< for all calls that state a cost
    std::uint64_t enough_for = 0;  ///< calls, in input order
    std::uint64_t untold = 0;      ///< calls that state no cost in its unit
    bool is_too_small() const noexcept { return needed > rule.spent(); }
    /// Whether each call states a cost, and all fit. If some state none, that can't be told.
    bool is_enough() const noexcept { return !is_too_small() && untold == 0; }
};

/// The total cost in a unit.
class UnitSum {
  public:
    explicit UnitSum(std::string_view unit_) : unit(unit_) {}

    std::string unit;
    double sum = 0;
    std::uint64_t calls = 0;  ///< that state a cost
};

/// The expected cost and time of a run, by the costs that lines state.
class Forecast {
  public:
    Forecast() noexcept {}

    std::vector<UnitSum> costs;
    std::vector<TimeBound> bounds;  ///< the longest first; empty if there is no bound
    std::vector<BudgetForecast> budgets;
    /// Units of limits in which some calls state no cost, and the number of these calls. No bound includes them.
    std::vector<std::pair<std::string, std::uint64_t>> untold;
};

/// Adds up the costs of calls. Its memory grows with the number of groups and origins, up to a bound, not with that of
/// calls.
class Forecaster {
  public:
    /// Further groups, or origins, are not distinguished, and give no bound.
    static constexpr std::size_t most_groups = 100'000;
    /// Further units are not added up: no real input has more.
    static constexpr std::size_t most_units = 100;

    explicit Forecaster(ForecastOptions options);

    /// Adds a call, in input order. An empty `origin` is that of the group's name.
    void add(std::string_view group, const policy::Costs& costs, std::string_view origin = {});

    std::uint64_t calls() const noexcept { return calls_; }
    /// The `most` groups with the most calls, and their number of calls.
    std::vector<std::pair<std::string, std::uint64_t>> busiest_groups(std::size_t most) const;
    std::size_t group_count() const noexcept { return groups_.size(); }

    Forecast forecast() const;

  private:
    struct Group {
        std::uint64_t calls = 0;
        std::vector<double> used;  // per limit
    };

    void add_costs(const policy::Costs& costs);
    void add_to_budgets(const policy::Costs& costs);
    void add_to_group(std::string_view group, const policy::Costs& costs);
    void add_to_origin(std::string_view origin);
    std::vector<TimeBound> bounds() const;
    void add_bounds_of_latency(std::vector<TimeBound>& bounds) const;

    ForecastOptions options_;
    std::uint64_t calls_ = 0;
    std::map<std::string, Group, std::less<>> groups_;
    std::map<std::string, std::uint64_t, std::less<>> origins_;  // and their calls; empty without a limit for each
    std::vector<UnitSum> costs_;
    std::vector<BudgetForecast> budgets_;
    std::vector<std::uint64_t> untold_;  // per limit
};

}  // namespace plait::batch
