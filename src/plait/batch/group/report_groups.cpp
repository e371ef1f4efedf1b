#include "plait/batch/group/report_groups.hpp"

#include <algorithm>

namespace plait::batch {

namespace {

/// Why no call of a group is in flight although some have begun.
policy::WaitReason why_stalled(Group& group, TimePoint now) {
    if (group.retries.waiting() == 0) return group.why_backing_off;
    policy::WaitReason reason;
    reason.limit = "retries wait for good answers";
    reason.until = group.retries.earliest(now);
    return reason;
}

void report(Group& group, std::size_t concurrency, const ClockPair& clocks, GroupReport& report) {
    report.take(group.pace, clocks);
    const bool is_stalled = group.on_their_way == 0 && group.backing_off > 0;
    if (is_stalled && !report.waits_for) report.waits_for.emplace(why_stalled(group, clocks.steady), clocks);
    report.in_flight = group.on_their_way;
    report.waiting = group.waiting + group.backing_off;
    report.concurrency = group.in_flight ? group.in_flight->limit() : concurrency;
    report.concurrency_is_adaptive = group.in_flight.has_value();
    if (group.http_version) report.http_version = to_string(*group.http_version);
    if (group.in_flight && group.in_flight->last_change())
        report.concurrency_change.emplace(*group.in_flight->last_change());
}

}  // namespace

std::vector<GroupReport> report_groups(const KeyedCache<Group>& groups, const KeyedCache<Origin>& origins,
                                       std::size_t concurrency, const ClockPair& clocks) {
    std::vector<GroupReport> reports;
    groups.each([&](Group& group) { report(group, concurrency, clocks, reports.emplace_back(group.name)); });
    origins.each([&](const Origin& origin) {
        const auto open_since = origin.circuit.open_since();
        if (!open_since) return;
        const auto same = std::find_if(reports.begin(), reports.end(),
                                       [&](const GroupReport& one) { return one.name == origin.name; });
        GroupReport& of_origin = same != reports.end() ? *same : reports.emplace_back(origin.name);
        of_origin.circuit_open_since = clocks.date_of(*open_since);
    });
    return reports;
}

}  // namespace plait::batch
