#include "plait/cli/run/retry_command.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/batch/lines/input_fingerprint.hpp"
#include "plait/batch/output/file_sink.hpp"
#include "plait/batch/output/results_scan.hpp"
#include "plait/batch/resume/journal.hpp"
#include "plait/batch/resume/retry_lines.hpp"
#include "plait/batch/resume/row_settings.hpp"
#include "plait/batch/resume/run_files.hpp"
#include "plait/batch/resume/started_jobs.hpp"
#include "plait/batch/sources/open_source.hpp"
#include "plait/batch/sources/row_lines.hpp"
#include "plait/cli/flags/session_flags.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/output.hpp"
#include "plait/cli/screen/output_paths.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace plait::cli {

namespace {

bool has_state(const std::string& results) { return ::access(batch::state_path(results).c_str(), F_OK) == 0; }

/// Throws if the requests have changed since the run. Appended lines do no harm.
void check_requests(const std::string& requests, const std::string& results) {
    const batch::JournalFacts facts = batch::read_journal(batch::state_path(results));
    batch::InputWatch watch(
        requests, facts.input, true, [](const batch::InputFingerprint&, std::size_t) {},
        "restore it, or give the file that holds its lines with --requests");
    batch::RequestDefaults defaults = batch::row_defaults(facts.settings);
    if (!defaults.rows.are_given()) defaults = batch::RequestDefaults();
    batch::open_source({requests}, std::move(defaults))->show_to(watch);
}

std::string counted(std::uint64_t requests) { return fmt::format("{} request{}", requests, requests == 1 ? "" : "s"); }

batch::LineReader open_requests(const std::string& path) {
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) throw_bad_input(fmt::format("open {}: {}", path, system_message(errno)));
    return {std::move(file), path};
}

}  // namespace

std::string_view RetryCommand::help() const {
    return "Select requests by their results, and write them to a new file of requests.";
}

std::vector<Flag> RetryCommand::flags() {
    const auto choose = [this](std::string condition) {
        return [this, condition = std::move(condition)](const std::string& value) {
            filters_.emplace_back(condition.empty() ? value : condition);
        };
    };
    return {
        {"--failed", "", "Select failed calls: no answer came, and the request certainly had no effect.",
         choose("outcome == 'failed'")},
        {"--rejected", "", "Select rejected calls: an answer came, but not an expected one.",
         choose("outcome == 'rejected'")},
        {"--unknown", "",
         "Select calls that may have been executed, and whose answer was lost. Look before you send them again.",
         choose("outcome == 'unknown'")},
        Flag(
            "--where", "CONDITION",
            "Select by a condition such as 'status_code == 404 and attempts > 2'. Fields: outcome, status_code, error, "
            "attempts, total_ms, custom_id, line. Operators: == != < <= > >= and or not ( ). Text stands in quotes.",
            choose(""))
            .repeatable(),
        {"--requests", "FILE", "Read the requests from this file, if it is not where the run found it.",
         [this](const std::string& value) { requests_ = value; }},
        batch_format_flag("--format", "Read the requests as this vendor's batch file. Default: as the run did.",
                          format_),
        {"-o,--output", "FILE", "Write the requests to this file. Default: -, standard output.",
         [this](const std::string& value) { output_ = value == standard_output ? "" : value; }},
        {"--overwrite", "", "Replace an existing file.", [this](const std::string&) { overwrite_ = true; }},
    };
}

std::string_view RetryCommand::notes() const {
    return "A result is selected if it matches any of --failed, --rejected, --unknown and --where. Each request is "
           "written as it stood, with its custom_id; URLs become JSON. An unknown call that has started a job "
           "(--follow poll=...) becomes a GET that asks for it. Run the new file with another -o, and with the "
           "flags of the first run.\n\n"
           "Exit code: 0; 1 if a selected row can't become a request; 2 if the files don't belong together.";
}

Positional RetryCommand::positional() const { return {"RESULTS", "The results of a run.", false}; }

int RetryCommand::run() {
    if (results_.size() != 1) throw_bad_input("retry takes one file: RESULTS");
    if (filters_.empty()) throw_bad_input("no selection: give --failed, --rejected, --unknown or --where CONDITION");
    const std::string requests = requests_path();
    for (const std::string& read : {requests, results_[0]}) {
        if (is_same_file(read, output_))
            throw_bad_input(fmt::format("{} is both input and output: give another -o", output_));
    }
    if (has_state(results_[0])) check_requests(requests, results_[0]);
    const Chosen chosen = chosen_lines();
    const batch::LineSet& lines = chosen.lines;
    StartedJobs jobs;
    if (has_state(results_[0])) jobs = started_jobs(chosen);
    if (batch::RequestDefaults rows = batch::recorded_row_defaults(results_[0]); rows.rows.are_given())
        return write_rows(requests, std::move(rows), lines, jobs);
    batch::LineReader reader = open_requests(requests);
    const batch::BatchFormat format =
        format_ == batch::BatchFormat::plait ? batch::recorded_format(results_[0]) : format_;
    const auto sink =
        output_.empty() ? batch::FileSink::standard_output() : batch::FileSink::create(output_, overwrite_);
    const std::uint64_t copied = plait::run(batch::copy_requests(reader, lines, *sink, format, take_up(jobs, format)));
    if (copied != lines.size()) {
        throw_bad_input(fmt::format("{} has only {} of the {} requests: it does not belong to these results", requests,
                                    copied, lines.size()));
    }
    fmt::print(stderr, "plait: {} selected{}\n", counted(copied), taken_up(jobs));
    warn_of_other_jobs(jobs);
    return exit_ok;
}

/// The input has rows: the templates of the run make requests of those that are selected.
int RetryCommand::write_rows(const std::string& requests, batch::RequestDefaults defaults, const batch::LineSet& lines,
                             StartedJobs& jobs) const {
    const auto sink =
        output_.empty() ? batch::FileSink::standard_output() : batch::FileSink::create(output_, overwrite_);
    const batch::RowsWritten done = batch::write_rows_as_requests(requests, std::move(defaults), *sink, &lines,
                                                                  take_up(jobs, batch::BatchFormat::plait));
    std::string refused;
    if (done.refused == 1) refused = fmt::format("; 1 row can't become a request: {}", done.first_refusals[0]);
    if (done.refused > 1)
        refused = fmt::format("; {} rows can't become requests, such as {}", done.refused, done.first_refusals[0]);
    fmt::print(stderr, "plait: {} selected{}{}\n", counted(done.written), taken_up(jobs), refused);
    warn_of_other_jobs(jobs);
    return done.refused > 0 ? exit_some_not_ok : exit_ok;
}

RetryCommand::Chosen RetryCommand::chosen_lines() const {
    Chosen chosen;
    batch::ResultFactsReader reader;
    batch::for_each_result(results_[0], [&](const batch::ResultView& result) {
        const batch::ResultFacts facts = reader.read(result.text);
        const auto holds = [&](const batch::ResultFilter& filter) { return filter.matches(facts); };
        if (std::none_of(filters_.begin(), filters_.end(), holds)) return;
        chosen.lines.add(result.line);
        if (result.outcome == batch::Outcome::unknown) chosen.unknown.add(result.line);
    });
    return chosen;
}

/// The jobs that the selected requests have started.
RetryCommand::StartedJobs RetryCommand::started_jobs(const Chosen& chosen) const {
    StartedJobs jobs;
    jobs.settings = batch::read_journal(batch::state_path(results_[0])).settings;
    for (auto& [line, poll_url] : batch::started_jobs(batch::state_path(results_[0]))) {
        if (chosen.lines.contains(line)) jobs.poll_urls.emplace(line, std::move(poll_url));
        if (chosen.unknown.contains(line)) jobs.unknown.add(line);
    }
    return jobs;
}

/// Replaces requests that have started a job whose end is unknown by requests that ask for it.
batch::LineChange RetryCommand::take_up(StartedJobs& jobs, batch::BatchFormat format) {
    if (jobs.poll_urls.empty() || format != batch::BatchFormat::plait) return {};
    return [&jobs](std::string_view request, std::uint64_t line) -> std::optional<std::string> {
        const auto job = jobs.poll_urls.find(line);
        if (job == jobs.poll_urls.end() || !jobs.unknown.contains(line)) return std::nullopt;
        std::optional<std::string> asking = batch::line_to_take_up(request, job->second, jobs.settings);
        if (asking) jobs.poll_urls.erase(job);
        if (asking) ++jobs.taken_up;
        return asking;
    };
}

/// The others would start another job.
void RetryCommand::warn_of_other_jobs(const StartedJobs& jobs) {
    if (jobs.poll_urls.empty()) return;
    const auto& [line, poll_url] = *jobs.poll_urls.begin();
    const std::size_t count = jobs.poll_urls.size();
    warn(
        fmt::format("{} of the selected requests {} a job, such as that of line {} (ask at {}): to send them again "
                    "starts other jobs",
                    count, count == 1 ? "has started" : "have each started", line, printable(poll_url)));
}

std::string RetryCommand::taken_up(const StartedJobs& jobs) {
    if (jobs.taken_up == 0) return "";
    return fmt::format("; {} of them {} for {} instead of starting another one", jobs.taken_up,
                       jobs.taken_up == 1 ? "asks" : "ask", jobs.taken_up == 1 ? "its job" : "their jobs");
}

std::string RetryCommand::requests_path() const {
    if (!requests_.empty()) return requests_;
    std::optional<std::string> path;
    if (has_state(results_[0])) path = batch::read_journal(batch::state_path(results_[0])).requests;
    if (!path) {
        throw_bad_input(fmt::format("the requests of {} are not recorded: give --requests FILE", results_[0]));
    }
    return *path;
}

}  // namespace plait::cli
