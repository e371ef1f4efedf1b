#include "plait/batch/status/run_monitor.hpp"

#include "plait/async/event_loop.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace plait::batch {

namespace {

double per_second(std::uint64_t count, Duration time) {
    const double seconds = std::chrono::duration<double>(time).count();
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::optional<ReportedLatency> reported(const LatencyHistogram& latencies) {
    if (latencies.count() == 0) return std::nullopt;
    ReportedLatency latency;
    latency.calls = latencies.count();
    latency.p50 = latencies.quantile(0.5);
    latency.p90 = latencies.quantile(0.9);
    latency.p99 = latencies.quantile(0.99);
    latency.longest = latencies.longest();
    for (const LatencyHistogram::Bin& bin : latencies.bins()) {
        ReportedBin& to = latency.bins.emplace_back();
        to.from = bin.from;
        to.up_to = bin.up_to;
        to.calls = bin.count;
    }
    return latency;
}

ReportedError reported(const std::string& kind, const ErrorKinds::Kind& of_kind, const ClockPair& clocks) {
    ReportedError error;
    error.kind = kind;
    error.calls = of_kind.count;
    error.custom_id = of_kind.latest.custom_id;
    error.line = of_kind.latest.line;
    error.request = of_kind.latest.request;
    error.message = of_kind.latest.message;
    error.at = clocks.date_of(of_kind.latest.when);
    return error;
}

}  // namespace

RunMonitor::RunMonitor(const Runner& runner, Source& source, const WallClock& calendar, std::string page_url)
    : runner_(runner), source_(source), calendar_(calendar), page_url_(std::move(page_url)), began_(calendar.now()) {
    done_lately_.emplace_back(now(), 0);
}

RunReport RunMonitor::report() {
    const ClockPair clocks{now(), calendar_.now()};
    const Tally& tally = runner_.tally();
    done_lately_.emplace_back(clocks.steady, tally.done());
    while (done_lately_.size() > 2 && done_lately_[1].first <= clocks.steady - lately) done_lately_.pop_front();

    RunReport report;
    report.began = began_;
    report.last_heard = clocks.wall;
    report.pid = ::getpid();
    report.total = source_.total();
    report.done = tally.done_in_all();
    for (std::size_t n = 0; n < outcome_count; ++n) report.outcomes[n] = tally.count(static_cast<Outcome>(n));
    report.retries = runner_.counts().retries;
    report.refusals = runner_.counts().refusals;
    report.is_paused = runner_.is_paused();
    report.is_stopping = runner_.is_stopping();
    report.page_url = page_url_;
    report.latency = reported(tally.latencies());
    for (const auto& [kind, of_kind] : runner_.error_kinds().kinds())
        report.errors.push_back(reported(kind, of_kind, clocks));
    std::stable_sort(report.errors.begin(), report.errors.end(),
                     [](const ReportedError& a, const ReportedError& b) { return a.calls > b.calls; });
    report.warnings = runner_.remarks().warnings;
    const auto& [since, done_then] = done_lately_.front();
    report.lately_per_second = per_second(tally.done() - done_then, clocks.steady - since);
    report.per_second = per_second(tally.done(), runner_.elapsed());
    for (const policy::BudgetRule& rule : runner_.budgets())
        report.costs.emplace_back(rule.budget().unit, rule.spent(), rule.budget().amount);
    report.limits = runner_.limits();
    std::vector<GroupReport> groups = runner_.groups(clocks);
    // Calls that wait for another attempt are not in flight: they wait in their groups.
    for (const GroupReport& group : groups) report.in_flight += group.in_flight;
    report.take_groups(std::move(groups));
    for (RemoteWorker& remote : runner_.remote_workers()) {
        if (report.workers.size() == RunReport::most_workers) break;
        ReportedWorker& worker = report.workers.emplace_back();
        worker.host = std::move(remote.host);
        worker.version = std::move(remote.version);
        worker.slots = remote.slots;
        worker.in_flight = remote.in_flight;
        worker.calls = remote.calls;
        worker.is_leaving = remote.is_leaving;
        if (remote.lost_at) worker.lost_at = clocks.wall - (clocks.steady - *remote.lost_at);
        worker.lost_calls = remote.lost_calls;
    }
    return report;
}

RunReport RunMonitor::last_report(RunEnd end) {
    RunReport report = RunMonitor::report();
    report.has_ended = true;
    report.is_paused = report.is_stopping = false;
    report.page_url.clear();
    if (end == RunEnd::interrupted) report.stopped = "interrupted";
    if (end == RunEnd::unread) report.stopped = "nobody reads the results any more";
    if (end == RunEnd::stopped) {
        report.stopped = runner_.stop_reason().value_or("");
        report.is_budget_used_up = runner_.is_budget_used_up();
    }
    return report;
}

}  // namespace plait::batch
