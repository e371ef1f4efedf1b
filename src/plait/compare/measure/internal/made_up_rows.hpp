#pragma once

#include "plait/batch/method/methods.hpp"
#include "plait/compare/measure/measurement.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

// Made-up comparisons for tests.
namespace plait::compare::internal {

using std::chrono::milliseconds;

/// A row of calls that are all ok, until a test says otherwise.
inline Row row(std::string method, batch::Scheduling scheduling, std::size_t concurrency, Duration wall,
               Duration median_call, Duration cpu, std::uint64_t calls = 160) {
    Measurement measured;
    measured.wall = wall;
    measured.cpu = cpu;
    measured.in_calls = calls * median_call;
    measured.done = calls;
    measured.p50 = measured.p99 = median_call;
    measured.peak_bytes = 8 << 20;
    measured.processors = scheduling == batch::Scheduling::operating_system ? 2 : 1;
    measured.outcomes[0] = calls;
    return Row(Way("plait", std::move(method), scheduling, concurrency), std::move(measured));
}

inline Row sync_row(Duration wall, Duration median_call, Duration cpu) {
    return row("sync", batch::Scheduling::nobody, 1, wall, median_call, cpu);
}
inline Row threads_row(std::size_t threads, Duration wall, Duration median_call, Duration cpu) {
    return row("threads", batch::Scheduling::operating_system, threads, wall, median_call, cpu);
}
inline Row async_row(std::size_t in_flight, Duration wall, Duration median_call, Duration cpu) {
    return row("async", batch::Scheduling::task, in_flight, wall, median_call, cpu);
}

/// 160 calls of 90 ms that hardly compute.
inline Comparison calls_of_90_ms() {
    Comparison comparison;
    comparison.work = "calls";
    comparison.calls = 160;
    comparison.processors = 2;
    comparison.rows.push_back(sync_row(milliseconds(14'430), milliseconds(90), milliseconds(20)));
    comparison.rows.push_back(threads_row(32, milliseconds(470), milliseconds(91), milliseconds(60)));
    comparison.rows.push_back(async_row(100, milliseconds(185), milliseconds(92), milliseconds(30)));
    comparison.rows.push_back(row("processes", batch::Scheduling::operating_system, 2, milliseconds(7'230),
                                  milliseconds(90), milliseconds(40)));
    return comparison;
}

inline void refuse(Row& row, std::uint64_t calls) {
    row.measured.refused += calls;
    row.measured.outcomes[static_cast<std::size_t>(batch::Outcome::ok)] -= calls;
    row.measured.outcomes[static_cast<std::size_t>(batch::Outcome::rejected)] += calls;
}

}  // namespace plait::compare::internal
