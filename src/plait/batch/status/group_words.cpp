#include "plait/batch/status/group_words.hpp"

#include "plait/base/text/words.hpp"
#include "plait/batch/status/internal/report_parts.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

namespace plait::batch {

using internal::amount_in_words;
using internal::is_end_known;
using internal::is_limit;
using internal::is_parked;

namespace {

/// Shorter waits are not given an end: with an even pace, each call waits for a moment.
constexpr Duration shortest_told = std::chrono::seconds(1);

std::string limit_in_words(const policy::RateLimit& limit) {
    // A learnt limit is a measurement: its fractions are noise.
    const double amount = limit.amount >= 10 ? std::round(limit.amount) : limit.amount;
    return policy::to_string(policy::RateLimit(limit.unit, amount, limit.window));
}

std::string source_in_words(const std::string& source) {
    return source.empty() ? "" : fmt::format(" ({})", printable(source));
}

/// The reason as a phrase.
std::string reason_in_words(const std::string& limit) {
    if (limit.empty()) return "waits";
    return (is_limit(limit) ? "waits for " : "") + printable(limit);
}

std::string wait_in_words(const ReportedWait& wait, WallTime now, Calendar calendar) {
    std::string text = reason_in_words(wait.limit) + source_in_words(wait.learnt_from);
    if (wait.until - now >= shortest_told && is_end_known(wait, now))
        text += " until " + time_in_words(wait.until, now, calendar);
    return text;
}

/// Empty if the group does not wait.
std::string why_group_waits(const GroupReport& group, bool is_named, WallTime now, Calendar calendar) {
    const std::string name = printable(group.name);
    if (is_parked(group, now)) {
        return fmt::format("{} is parked until {}{}", name, time_in_words(group.parked->until, now, calendar),
                           source_in_words(group.parked->learnt_from));
    }
    if (group.circuit_open_since) {
        return fmt::format("{} has been unreachable since {}", name,
                           time_in_words(*group.circuit_open_since, now, calendar));
    }
    if (!group.waits_for) return {};
    return (is_named ? name + " " : "") + wait_in_words(*group.waits_for, now, calendar);
}

std::string quota_in_words(const ReportedQuota& quota, WallTime now, Calendar calendar) {
    std::string text;
    if (quota.limit && quota.window) {
        text = limit_in_words(policy::RateLimit(quota.unit, *quota.limit, *quota.window));
    } else {
        text = quota.limit ? fmt::format("{} {}", amount_in_words(*quota.limit), quota.unit) : quota.unit;
    }
    text += fmt::format(", learnt from {}", printable(quota.learnt_from));
    if (quota.remaining) text += fmt::format(": {} left", amount_in_words(std::floor(*quota.remaining)));
    if (quota.reset_at && *quota.reset_at > now) text += " until " + time_in_words(*quota.reset_at, now, calendar);
    return text;
}

/// How the limit of calls in flight was found; empty if it is given.
std::string limit_change_in_words(const GroupReport& group) {
    if (!group.concurrency_is_adaptive) return {};
    if (!group.concurrency_change) return "adaptive";
    const ReportedChange& change = *group.concurrency_change;
    return fmt::format("{} from {}: {}", change.to < change.from ? "lowered" : "raised", change.from,
                       printable(change.why));
}

/// The limits that were learnt.
std::vector<std::string> limits_in_words(const GroupReport& group, WallTime now, Calendar calendar) {
    std::vector<std::string> limits;
    if (group.learnt_pace) limits.push_back(limit_in_words(*group.learnt_pace) + ", learnt from refusals");
    for (const ReportedQuota& quota : group.quotas) limits.push_back(quota_in_words(quota, now, calendar));
    return limits;
}

}  // namespace

std::string why_waiting(const RunReport& report, WallTime now, Calendar calendar) {
    if (report.is_stopping) return "stops when the calls in flight have ended";
    if (report.is_paused) return "paused";
    for (const GroupReport& group : report.groups) {
        const std::string why = why_group_waits(group, report.group_count > 1, now, calendar);
        if (!why.empty()) return why;
    }
    return {};
}

GroupWords group_in_words(const GroupReport& group, WallTime now, Calendar calendar) {
    GroupWords words;
    words.limit_change = limit_change_in_words(group);
    words.why_waiting = why_group_waits(group, false, now, calendar);
    words.limits = limits_in_words(group, now, calendar);
    return words;
}

}  // namespace plait::batch
