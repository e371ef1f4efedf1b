#include "plait/batch/check/forecast.hpp"

#include "plait/base/text/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace plait::batch {

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Forecaster::Forecaster(ForecastOptions options) : options_(std::move(options)), untold_(options_.limits.size()) {
    for (const policy::Budget& budget : options_.budgets) budgets_.emplace_back(budget);
}

void Forecaster::add(std::string_view group, const policy::Costs& costs, std::string_view origin) {
    ++calls_;
    add_costs(costs);
    add_to_budgets(costs);
    add_to_group(group, costs);
    if (options_.concurrency_per_origin) add_to_origin(origin.empty() ? group : origin);
}

void Forecaster::add_costs(const policy::Costs& costs) {
    for (const auto& [unit, amount] : costs) {
        auto sum = std::find_if(costs_.begin(), costs_.end(), [&](const UnitSum& known) { return known.unit == unit; });
        if (sum == costs_.end()) {
            if (costs_.size() == most_units) continue;
            sum = costs_.emplace(costs_.end(), unit);
        }
        sum->sum += amount;
        ++sum->calls;
    }
}

void Forecaster::add_to_budgets(const policy::Costs& costs) {
    for (BudgetForecast& budget : budgets_) {
        const auto cost = costs.get(budget.rule.budget().unit);
        if (!cost) ++budget.untold;
        budget.needed += cost.value_or(0);
        // The run stops at the first call that exceeds the budget.
        const bool went_on = budget.enough_for + 1 == calls_;
        if (went_on && budget.rule.reserve(cost.value_or(0))) ++budget.enough_for;
    }
}

void Forecaster::add_to_group(std::string_view name, const policy::Costs& costs) {
    auto found = groups_.find(name);
    const bool has_room = groups_.size() < most_groups;
    if (found == groups_.end() && has_room) found = groups_.try_emplace(std::string(name)).first;
    if (found != groups_.end()) {
        ++found->second.calls;
        found->second.used.resize(options_.limits.size());
    }
    for (std::size_t i = 0; i < options_.limits.size(); ++i) {
        const auto cost = costs.get(options_.limits[i].unit);
        if (!cost) ++untold_[i];
        if (found != groups_.end()) found->second.used[i] += cost.value_or(0);
    }
}

void Forecaster::add_to_origin(std::string_view origin) {
    const auto found = origins_.find(origin);
    if (found != origins_.end()) {
        ++found->second;
    } else if (origins_.size() < most_groups) {
        origins_.emplace(origin, 1);
    }
}

std::vector<std::pair<std::string, std::uint64_t>> Forecaster::busiest_groups(std::size_t most) const {
    std::vector<std::pair<std::string, std::uint64_t>> all;
    for (const auto& [name, group] : groups_) all.emplace_back(name, group.calls);
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    if (all.size() > most) all.erase(all.begin() + static_cast<std::ptrdiff_t>(most), all.end());
    return all;
}

Forecast Forecaster::forecast() const {
    Forecast forecast;
    forecast.costs = costs_;
    forecast.bounds = bounds();
    forecast.budgets = budgets_;
    for (std::size_t i = 0; i < untold_.size(); ++i) {
        if (untold_[i] > 0) forecast.untold.emplace_back(options_.limits[i].unit, untold_[i]);
    }
    return forecast;
}

/// A bound for each limit, from the group that uses most of it, and those from the concurrency.
std::vector<TimeBound> Forecaster::bounds() const {
    std::vector<TimeBound> bounds;
    for (std::size_t i = 0; i < options_.limits.size(); ++i) {
        const policy::RateLimit& limit = options_.limits[i];
        const auto most = std::max_element(groups_.begin(), groups_.end(), [i](const auto& a, const auto& b) {
            return a.second.used[i] < b.second.used[i];
        });
        if (most == groups_.end()) continue;
        const double time = most->second.used[i] / limit.amount * seconds(limit.window);
        bounds.emplace_back(fmt::format("{} of {}", to_string(limit), printable(most->first)), time);
    }
    if (options_.latency && calls_ > 0) add_bounds_of_latency(bounds);
    std::stable_sort(bounds.begin(), bounds.end(),
                     [](const TimeBound& a, const TimeBound& b) { return a.seconds > b.seconds; });
    return bounds;
}

void Forecaster::add_bounds_of_latency(std::vector<TimeBound>& bounds) const {
    const auto add = [&](std::uint64_t calls, std::size_t in_flight, const std::string& where) {
        const auto rounds = (calls + in_flight - 1) / in_flight;
        bounds.emplace_back(fmt::format("{} in flight{}, {} each", in_flight, where, in_words(*options_.latency)),
                            static_cast<double>(rounds) * seconds(*options_.latency));
    };
    add(calls_, options_.concurrency, "");
    const auto busiest = std::max_element(origins_.begin(), origins_.end(),
                                          [](const auto& a, const auto& b) { return a.second < b.second; });
    if (busiest == origins_.end()) return;
    add(busiest->second, *options_.concurrency_per_origin, fmt::format(" to {}", printable(busiest->first)));
}

}  // namespace plait::batch
