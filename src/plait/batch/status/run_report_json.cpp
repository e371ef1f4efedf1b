#include "plait/base/error.hpp"
#include "plait/batch/status/run_report.hpp"
#include "plait/http/date.hpp"
#include "plait/json/object_writer.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <chrono>

namespace plait::batch {

namespace {

namespace dom = simdjson::dom;
using json::ObjectWriter;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// ---- writing

/// A date as in RFC 3339, in milliseconds and quotes.
std::string date_json(WallTime time) {
    const auto whole = std::chrono::floor<std::chrono::milliseconds>(time);
    const auto second = std::chrono::floor<std::chrono::seconds>(whole);
    return fmt::format("\"{:%Y-%m-%dT%H:%M:%S}.{:03}Z\"", fmt::gmtime(second.time_since_epoch().count()),
                       (whole - second).count());
}

std::string date_json(const std::optional<WallTime>& time) { return time ? date_json(*time) : "null"; }

std::string limit_json(const policy::RateLimit& limit) {
    return json::ObjectWriter()
        .text("unit", limit.unit)
        .number("amount", limit.amount)
        .number("window_s", seconds(limit.window))
        .end();
}

std::string wait_json(const std::optional<ReportedWait>& wait) {
    if (!wait) return "null";
    return json::ObjectWriter()
        .text("limit", wait->limit)
        .text("learnt_from", wait->learnt_from)
        .json("until", date_json(wait->until))
        .end();
}

std::string quota_json(const ReportedQuota& quota) {
    return json::ObjectWriter()
        .text("unit", quota.unit)
        .text("learnt_from", quota.learnt_from)
        .number("limit", quota.limit)
        .number("remaining", quota.remaining)
        .number("window_s", quota.window ? std::optional(seconds(*quota.window)) : std::nullopt)
        .json("reset_at", date_json(quota.reset_at))
        .end();
}

std::string cost_json(const ReportedCost& cost) {
    return json::ObjectWriter().text("unit", cost.unit).number("spent", cost.spent).number("budget", cost.budget).end();
}

std::string outcomes_json(const RunReport& report) {
    json::ObjectWriter counts;
    for (std::size_t n = 0; n < outcome_count; ++n) {
        counts.count(to_string(static_cast<Outcome>(n)), report.outcomes[n]);
    }
    return counts.end();
}

std::string change_json(const std::optional<ReportedChange>& change) {
    if (!change) return "null";
    return json::ObjectWriter().count("from", change->from).count("to", change->to).text("why", change->why).end();
}

std::string group_json(const GroupReport& group) {
    return json::ObjectWriter()
        .text("name", group.name)
        .count("in_flight", group.in_flight)
        .count("concurrency", group.concurrency)
        .flag("concurrency_is_adaptive", group.concurrency_is_adaptive)
        .json("concurrency_change", change_json(group.concurrency_change))
        .count("waiting", group.waiting)
        .json("waits_for", wait_json(group.waits_for))
        .json("parked", wait_json(group.parked))
        .json("circuit_open_since", date_json(group.circuit_open_since))
        .json("learnt_pace", group.learnt_pace ? limit_json(*group.learnt_pace) : "null")
        .list("quotas", group.quotas, quota_json)
        .end();
}

// ---- reading: fields that are missing or of another type keep their values

bool read(dom::object from, std::string_view name, std::string& to) {
    std::string_view text;
    if (from[name].get(text)) return false;
    to = text;
    return true;
}

void read(dom::object from, std::string_view name, std::uint64_t& to) {
    std::uint64_t number = 0;
    if (!from[name].get(number)) to = number;
}

void read(dom::object from, std::string_view name, bool& to) {
    bool flag = false;
    if (!from[name].get(flag)) to = flag;
}

bool read(dom::object from, std::string_view name, double& to) {
    double number = 0;
    if (from[name].get(number)) return false;
    to = number;
    return true;
}

bool read(dom::object from, std::string_view name, WallTime& to) {
    std::string_view text;
    if (from[name].get(text)) return false;
    const std::optional<WallTime> time = http::parse_internet_date(text);
    if (time) to = *time;
    return time.has_value();
}

/// Seconds. A value that exceeds a Duration counts as missing.
bool read(dom::object from, std::string_view name, Duration& to) {
    constexpr double most = 1e9;
    double number = 0;
    if (!read(from, name, number) || !(number >= 0 && number <= most)) return false;
    to = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(number));
    return true;
}

template <class Value>
void read(dom::object from, std::string_view name, std::optional<Value>& to) {
    Value value{};
    if (read(from, name, value)) to = value;
}

void read(dom::object from, std::string_view name, std::optional<std::uint64_t>& to) {
    std::uint64_t number = 0;
    if (!from[name].get(number)) to = number;
}

template <class Read>
void for_each_object(dom::object from, std::string_view name, Read use) {
    dom::array list;
    if (from[name].get(list)) return;
    for (const dom::element element : list) {
        dom::object object;
        if (!element.get(object)) use(object);
    }
}

template <class Read>
void with_object(dom::object from, std::string_view name, Read use) {
    dom::object object;
    if (!from[name].get(object)) use(object);
}

policy::RateLimit read_limit(dom::object from) {
    policy::RateLimit limit("", 0, std::chrono::seconds(1));
    read(from, "unit", limit.unit);
    read(from, "amount", limit.amount);
    read(from, "window_s", limit.window);
    return limit;
}

ReportedWait read_wait(dom::object from) {
    ReportedWait wait;
    read(from, "limit", wait.limit);
    read(from, "learnt_from", wait.learnt_from);
    read(from, "until", wait.until);
    return wait;
}

ReportedQuota read_quota(dom::object from) {
    ReportedQuota quota;
    read(from, "unit", quota.unit);
    read(from, "learnt_from", quota.learnt_from);
    read(from, "limit", quota.limit);
    read(from, "remaining", quota.remaining);
    read(from, "window_s", quota.window);
    read(from, "reset_at", quota.reset_at);
    return quota;
}

ReportedCost read_cost(dom::object from) {
    ReportedCost cost("", 0);
    read(from, "unit", cost.unit);
    read(from, "spent", cost.spent);
    read(from, "budget", cost.budget);
    return cost;
}

ReportedChange read_change(dom::object from) {
    ReportedChange change;
    read(from, "from", change.from);
    read(from, "to", change.to);
    read(from, "why", change.why);
    return change;
}

GroupReport read_group(dom::object from) {
    GroupReport group;
    read(from, "name", group.name);
    read(from, "in_flight", group.in_flight);
    read(from, "concurrency", group.concurrency);
    read(from, "concurrency_finds_itself", group.concurrency_is_adaptive);  // its name until 0.2
    read(from, "concurrency_is_adaptive", group.concurrency_is_adaptive);
    with_object(from, "concurrency_change",
                [&](dom::object change) { group.concurrency_change = read_change(change); });
    read(from, "waiting", group.waiting);
    with_object(from, "waits_for", [&](dom::object wait) { group.waits_for = read_wait(wait); });
    with_object(from, "parked", [&](dom::object wait) { group.parked = read_wait(wait); });
    read(from, "circuit_open_since", group.circuit_open_since);
    with_object(from, "learnt_pace", [&](dom::object limit) { group.learnt_pace = read_limit(limit); });
    for_each_object(from, "quotas", [&](dom::object quota) { group.quotas.push_back(read_quota(quota)); });
    return group;
}

}  // namespace

std::string to_json(const RunReport& report) {
    return json::ObjectWriter()
        .json("began", date_json(report.began))
        .json("last_heard", date_json(report.last_heard))
        .count("pid", static_cast<std::uint64_t>(report.pid))
        .count("total", report.total)
        .count("done", report.done)
        .json("outcomes", outcomes_json(report))
        .count("in_flight", report.in_flight)
        .count("retries", report.retries)
        .number("lately_per_second", report.lately_per_second)
        .number("per_second", report.per_second)
        .list("costs", report.costs, cost_json)
        .list("limits", report.limits, limit_json)
        .flag("has_ended", report.has_ended)
        .text("stopped", report.stopped)
        .list("groups", report.groups, group_json)
        .count("group_count", report.group_count)
        .end();
}

RunReport parse_run_report(std::string_view json) {
    dom::parser parser;
    dom::object from;
    if (parser.parse(json.data(), json.size()).get(from)) {
        throw Error(ErrorCode::bad_input, "the status of the run is not a JSON object");
    }
    RunReport report;
    read(from, "began", report.began);
    read(from, "last_heard", report.last_heard);
    std::uint64_t pid = 0;
    read(from, "pid", pid);
    report.pid = static_cast<int>(pid);
    read(from, "total", report.total);
    read(from, "done", report.done);
    with_object(from, "outcomes", [&](dom::object counts) {
        for (std::size_t n = 0; n < outcome_count; ++n) {
            read(counts, to_string(static_cast<Outcome>(n)), report.outcomes[n]);
        }
    });
    read(from, "in_flight", report.in_flight);
    read(from, "retries", report.retries);
    read(from, "lately_per_second", report.lately_per_second);
    read(from, "per_second", report.per_second);
    for_each_object(from, "costs", [&](dom::object cost) { report.costs.push_back(read_cost(cost)); });
    for_each_object(from, "limits", [&](dom::object limit) { report.limits.push_back(read_limit(limit)); });
    read(from, "has_ended", report.has_ended);
    read(from, "stopped", report.stopped);
    for_each_object(from, "groups", [&](dom::object group) { report.groups.push_back(read_group(group)); });
    read(from, "group_count", report.group_count);
    return report;
}

}  // namespace plait::batch
