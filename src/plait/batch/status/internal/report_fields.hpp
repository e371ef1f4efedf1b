#pragma once

#include "plait/batch/status/run_report.hpp"

#include <concepts>
#include <type_traits>

namespace plait::batch::internal {

// The fields of a report in JSON (docs/formats.md): one function for each struct, for the writer and the reader alike.
// `each(name, value)` is called for each field in its order, and `each.old_name(name, value)` before for a name that is
// only read.

template <class Type, class Struct>
concept Is = std::same_as<std::remove_const_t<Type>, Struct>;

template <Is<policy::RateLimit> Limit>
void fields(auto& each, Limit& limit) {
    each("unit", limit.unit);
    each("amount", limit.amount);
    each("window_s", limit.window);
}

template <Is<ReportedWait> Wait>
void fields(auto& each, Wait& wait) {
    each("limit", wait.limit);
    each("learnt_from", wait.learnt_from);
    each("until", wait.until);
}

template <Is<ReportedQuota> Quota>
void fields(auto& each, Quota& quota) {
    each("unit", quota.unit);
    each("learnt_from", quota.learnt_from);
    each("limit", quota.limit);
    each("remaining", quota.remaining);
    each("window_s", quota.window);
    each("reset_at", quota.reset_at);
}

template <Is<ReportedCost> Cost>
void fields(auto& each, Cost& cost) {
    each("unit", cost.unit);
    each("spent", cost.spent);
    each("budget", cost.budget);
}

template <Is<ReportedChange> Change>
void fields(auto& each, Change& change) {
    each("from", change.from);
    each("to", change.to);
    each("why", change.why);
}

template <Is<GroupReport> Group>
void fields(auto& each, Group& group) {
    each("name", group.name);
    each("in_flight", group.in_flight);
    each("concurrency", group.concurrency);
    each.old_name("concurrency_finds_itself", group.concurrency_is_adaptive);  // until 0.2
    each("concurrency_is_adaptive", group.concurrency_is_adaptive);
    each("concurrency_change", group.concurrency_change);
    each("waiting", group.waiting);
    each("waits_for", group.waits_for);
    each("parked", group.parked);
    each("circuit_open_since", group.circuit_open_since);
    each("learnt_pace", group.learnt_pace);
    each("quotas", group.quotas);
    each("http_version", group.http_version);
}

template <Is<ReportedWorker> Worker>
void fields(auto& each, Worker& worker) {
    each("host", worker.host);
    each("version", worker.version);
    each("slots", worker.slots);
    each("in_flight", worker.in_flight);
    each("calls", worker.calls);
    each("is_leaving", worker.is_leaving);
    each("lost_at", worker.lost_at);
    each("lost_calls", worker.lost_calls);
}

template <Is<ReportedBin> Bin>
void fields(auto& each, Bin& bin) {
    each("from_s", bin.from);
    each("up_to_s", bin.up_to);
    each("calls", bin.calls);
}

template <Is<ReportedLatency> Latency>
void fields(auto& each, Latency& latency) {
    each("calls", latency.calls);
    each("p50_s", latency.p50);
    each("p90_s", latency.p90);
    each("p99_s", latency.p99);
    each("longest_s", latency.longest);
    each("bins", latency.bins);
}

template <Is<ReportedError> Error>
void fields(auto& each, Error& error) {
    each("kind", error.kind);
    each("calls", error.calls);
    each("custom_id", error.custom_id);
    each("line", error.line);
    each("request", error.request);
    each("message", error.message);
    each("at", error.at);
}

template <Is<RunReport> Report>
void fields(auto& each, Report& report) {
    each("began", report.began);
    each("last_heard", report.last_heard);
    each("pid", report.pid);
    each("total", report.total);
    each("done", report.done);
    each("outcomes", report.outcomes);
    each("in_flight", report.in_flight);
    each("retries", report.retries);
    each("refusals", report.refusals);
    each("lately_per_second", report.lately_per_second);
    each("per_second", report.per_second);
    each("costs", report.costs);
    each("limits", report.limits);
    each("latency", report.latency);
    each("errors", report.errors);
    each("warnings", report.warnings);
    each("is_paused", report.is_paused);
    each("is_stopping", report.is_stopping);
    each("page_url", report.page_url);
    each("has_ended", report.has_ended);
    each("stopped", report.stopped);
    each("is_budget_used_up", report.is_budget_used_up);
    each("groups", report.groups);
    each("group_count", report.group_count);
    each("workers", report.workers);
}

}  // namespace plait::batch::internal
