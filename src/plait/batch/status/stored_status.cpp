#include "plait/batch/status/stored_status.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/output/results_lock.hpp"
#include "plait/batch/output/results_scan.hpp"
#include "plait/batch/resume/journal.hpp"
#include "plait/batch/resume/run_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace plait::batch {

namespace {

/// A run that was killed, or that could not write, has stored an earlier report: counts the results that are there.
void count_later_results(std::string& status, const std::string& results_path) {
    RunReport report = parse_run_report(status);
    if (report.has_ended) return;
    LineSet lines;
    report.outcomes.fill(0);
    try {
        for_each_result(results_path, [&](const ResultView& result) {
            const bool is_whole = result.page == result.page_count;  // the last page has the outcome of its call
            if (is_whole && lines.add(result.line)) ++report.count(result.outcome);
        });
    } catch (const Error&) {
        return;  // the results are gone or are no results any more: what was stored is the best that is known
    }
    report.done = lines.size();
    status = to_json(report);
}

}  // namespace

StoredStatus read_stored_status(const std::string& results_path) {
    const std::string state = state_path(results_path);
    std::error_code error;
    if (!std::filesystem::exists(state, error)) {
        throw Error(
            ErrorCode::bad_input,
            fmt::format("{} has no {} beside it: give the results file of a run (plait run -o)", results_path, state));
    }
    // Before the status is read: a run that ends in between has then stored its last report.
    const Liveness liveness = is_locked_by_run(results_path) ? Liveness::running : Liveness::ended;
    std::string status = read_status(state);
    if (status.empty()) throw Error(ErrorCode::bad_input, fmt::format("{} has no status yet", state));
    if (liveness == Liveness::ended) count_later_results(status, results_path);
    return StoredStatus(std::move(status), liveness);
}

}  // namespace plait::batch
