#include "plait/batch/status/next_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace plait::batch {

namespace {

std::uint64_t calls_of_kind(const RunReport& report, std::string_view kind) {
    const auto found = std::find_if(report.errors.begin(), report.errors.end(),
                                    [kind](const ReportedError& error) { return error.kind == kind; });
    return found == report.errors.end() ? 0 : found->calls;
}

/// Those calls are rejected, and a resumed run does not make them again.
bool is_key_refused(const RunReport& report) {
    return calls_of_kind(report, "status 401") > 0 || calls_of_kind(report, "status 403") > 0;
}

std::string retry_step(std::string_view results, std::string_view selection, std::string_view outcome,
                       std::uint64_t count) {
    return fmt::format("plait retry {} {} writes the {} {} request{} to a new file", results, selection, count, outcome,
                       count == 1 ? "" : "s");
}

}  // namespace

std::string how_to_resume(const RunReport& report) {
    if (report.has_ended && report.total && report.done >= *report.total) return "";
    if (report.is_budget_used_up) return "repeat the command with a larger --budget to resume";
    if (!report.stopped.empty() && is_key_refused(report))
        return "correct the key or its rights, then repeat the command to resume";
    return "repeat the command to resume";
}

std::vector<std::string> retry_steps(const RunReport& report, std::string_view results) {
    std::vector<std::string> steps;
    const std::uint64_t failed = report.count(Outcome::failed);
    // The same input would be refused again, so a retry of these is no help.
    const std::uint64_t invalid = std::min(calls_of_kind(report, "bad_input"), failed);
    if (invalid > 0) {
        steps.push_back(
            fmt::format("correct the {} invalid line{} (bad_input) in a file of {} own, and run that with another -o",
                        invalid, invalid == 1 ? "" : "s", invalid == 1 ? "its" : "their"));
    }
    if (failed > invalid) {
        const std::string_view which =
            invalid == 0 ? "--failed" : R"(--where "outcome == 'failed' and error != 'bad_input'")";
        steps.push_back(retry_step(results, which, "failed", failed - invalid));
    }
    if (const std::uint64_t rejected = report.count(Outcome::rejected); rejected > 0 && is_key_refused(report))
        steps.push_back(retry_step(results, "--rejected", "rejected", rejected));
    if (const std::uint64_t unknown = report.count(Outcome::unknown); unknown > 0)
        steps.push_back(retry_step(results, "--unknown", "unknown", unknown));
    return steps;
}

}  // namespace plait::batch
