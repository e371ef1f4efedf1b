#include "plait/batch/status/run_monitor.hpp"

#include "plait/async/event_loop.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace plait::batch {

namespace {

double per_second(std::uint64_t count, Duration time) {
    const double seconds = std::chrono::duration<double>(time).count();
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

}  // namespace

RunMonitor::RunMonitor(const Runner& runner, Source& source, const WallClock& calendar)
    : runner_(runner), source_(source), calendar_(calendar), began_(calendar.now()) {
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
        worker.places = remote.places;
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
    if (end == RunEnd::interrupted) report.stopped = "interrupted";
    if (end == RunEnd::unread) report.stopped = "nobody reads the results any more";
    if (end == RunEnd::stopped) report.stopped = runner_.stop_reason().value_or("");
    return report;
}

}  // namespace plait::batch
