#include "run/run_report.hpp"

#include "plait/base/clock.hpp"
#include "plait/batch/status/group_words.hpp"
#include "plait/batch/status/time_left.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace plait::python {

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

nb::dict outcomes_of(const batch::Tally& tally) {
    nb::dict outcomes;
    for (std::size_t n = 0; n < batch::outcome_count; ++n) {
        const auto outcome = static_cast<batch::Outcome>(n);
        outcomes[to_str(to_string(outcome))] = tally.count(outcome);
    }
    return outcomes;
}

const char* name_of(batch::RunEnd end) {
    switch (end) {
        case batch::RunEnd::finished:
            return "finished";
        case batch::RunEnd::interrupted:
            return "interrupted";
        case batch::RunEnd::stopped:
        case batch::RunEnd::unread:
            break;
    }
    return "stopped";
}

nb::dict latency_of(const batch::LatencyHistogram& latencies) {
    nb::dict latency;
    latency["p50"] = seconds(latencies.quantile(0.5));
    latency["p90"] = seconds(latencies.quantile(0.9));
    latency["p99"] = seconds(latencies.quantile(0.99));
    latency["max"] = seconds(latencies.longest());
    return latency;
}

}  // namespace

nb::dict report_fields(const RunStanding& standing) {
    const batch::Tally& tally = standing.numbers.tally;
    nb::dict fields = outcomes_of(tally);
    fields["total"] = standing.report.total;
    fields["done"] = tally.done_in_all();
    fields["in_flight"] = standing.end ? 0 : standing.report.in_flight;
    fields["retries"] = standing.numbers.counts.retries;
    fields["elapsed"] = seconds(standing.numbers.elapsed);
    fields["rate"] = standing.report.lately_per_second;
    const WallTime now = SystemWallClock::instance().now();
    const auto left = standing.end ? std::nullopt : batch::time_left(standing.report, now);
    fields["remaining"] = left ? nb::cast(seconds(*left)) : nb::none();
    fields["waits_for"] = standing.end ? std::string() : batch::why_waiting(standing.report, now);
    fields["end"] = standing.end ? nb::cast(name_of(*standing.end)) : nb::none();
    fields["stop_reason"] = standing.stop_reason;
    nb::dict costs;
    for (const batch::ReportedCost& cost : standing.report.costs) costs[to_str(cost.unit)] = cost.spent;
    fields["costs"] = costs;
    nb::dict errors;
    for (const auto& [code, count] : tally.errors()) errors[to_str(to_string(code))] = count;
    fields["errors"] = errors;
    fields["latency"] = latency_of(tally.latencies());
    fields["unknown_ids"] = standing.numbers.first_unknown;
    return fields;
}

}  // namespace plait::python
