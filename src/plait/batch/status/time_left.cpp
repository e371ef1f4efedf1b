#include "plait/batch/status/time_left.hpp"

#include "plait/batch/status/internal/report_parts.hpp"
#include "plait/policy/pace/rate_limit.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>

namespace plait::batch {

using internal::is_end_known;
using internal::is_limit;
using internal::is_parked;

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// The mean cost of a call in a unit; nothing if unknown.
std::optional<double> mean_cost(const RunReport& report, const std::string& unit) {
    for (const ReportedCost& cost : report.costs) {
        if (cost.unit == unit && cost.spent > 0 && report.done > 0)
            return cost.spent / static_cast<double>(report.done);
    }
    if (unit == policy::requests_unit) return 1;
    return std::nullopt;
}

/// The calls per second that the limits of a group allow; infinite without limits.
double allowed_pace(const RunReport& report, const GroupReport& group) {
    double least = std::numeric_limits<double>::infinity();
    const auto obey = [&](const std::string& unit, double amount, Duration window) {
        const auto cost = mean_cost(report, unit);
        if (cost && window > Duration::zero()) least = std::min(least, amount / seconds(window) / *cost);
    };
    for (const policy::RateLimit& limit : report.limits) obey(limit.unit, limit.amount, limit.window);
    if (group.learnt_pace) obey(group.learnt_pace->unit, group.learnt_pace->amount, group.learnt_pace->window);
    for (const ReportedQuota& quota : group.quotas) {
        if (quota.limit && quota.window) obey(quota.unit, *quota.limit, *quota.window);
    }
    return least;
}

/// The sum over all groups.
double allowed_pace(const RunReport& report) {
    double sum = 0;
    for (const GroupReport& group : report.groups) sum += allowed_pace(report, group);
    const bool are_all_known = !report.groups.empty() && report.group_count <= report.groups.size();
    return are_all_known ? sum : std::numeric_limits<double>::infinity();
}

/// When the first group can send again; now, unless all wait.
WallTime sends_again_at(const RunReport& report, WallTime now) {
    std::optional<WallTime> first;
    for (const GroupReport& group : report.groups) {
        const auto& wait = is_parked(group, now) ? group.parked : group.waits_for;
        if (!wait || wait->until <= now || !is_end_known(*wait, now)) return now;
        first = std::min(first.value_or(wait->until), wait->until);
    }
    return first.value_or(now);
}

/// Whether failures hold up all calls. How many will succeed is unknown then, so past rates predict nothing.
bool stands_still_after_failures(const RunReport& report) {
    const auto is_on_its_way = [](const GroupReport& group) { return group.in_flight > 0; };
    const auto waits_without_end = [](const GroupReport& group) {
        return group.waits_for && group.waits_for->learnt_from.empty() && !is_limit(group.waits_for->limit);
    };
    return std::none_of(report.groups.begin(), report.groups.end(), is_on_its_way) &&
           std::any_of(report.groups.begin(), report.groups.end(), waits_without_end);
}

bool waits_for_limit(const RunReport& report) {
    return std::any_of(report.groups.begin(), report.groups.end(),
                       [](const GroupReport& group) { return group.waits_for.has_value(); });
}

}  // namespace

std::optional<Duration> time_left(const RunReport& report, WallTime now) {
    if (!report.total || *report.total < report.done || report.has_ended || report.is_paused) return std::nullopt;
    if (stands_still_after_failures(report)) return std::nullopt;
    const double allowed = allowed_pace(report);
    double pace = report.lately_per_second > 0 ? report.lately_per_second : report.per_second;
    if (std::isfinite(allowed) && (pace > allowed || waits_for_limit(report))) pace = allowed;
    if (!(pace > 0)) return std::nullopt;
    constexpr double longest = 100.0 * 365 * 24 * 3600;
    const double left = std::min(static_cast<double>(*report.total - report.done) / pace, longest);
    return sends_again_at(report, now) - now +
           std::chrono::duration_cast<Duration>(std::chrono::duration<double>(left));
}

std::optional<WallTime> come_back_at(const RunReport& report) {
    std::optional<WallTime> first;
    for (const GroupReport& group : report.groups) {
        if (group.parked) first = std::min(first.value_or(group.parked->until), group.parked->until);
    }
    return first;
}

}  // namespace plait::batch
