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
           "written as it stood, with its custom_id; URLs become JSON. Run the new file with another -o, and with the "
           "flags of the first run.";
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
    const batch::LineSet lines = chosen_lines();
    if (has_state(results_[0])) warn_of_started_jobs(lines);
    if (batch::RequestDefaults rows = batch::recorded_row_defaults(results_[0]); rows.rows.are_given())
        return write_rows(requests, std::move(rows), lines);
    batch::LineReader reader = open_requests(requests);
    const batch::BatchFormat format =
        format_ == batch::BatchFormat::plait ? batch::recorded_format(results_[0]) : format_;
    const auto sink =
        output_.empty() ? batch::FileSink::standard_output() : batch::FileSink::create(output_, overwrite_);
    const std::uint64_t copied = plait::run(batch::copy_requests(reader, lines, *sink, format));
    if (copied != lines.size()) {
        throw_bad_input(fmt::format("{} has only {} of the {} requests: it does not belong to these results", requests,
                                    copied, lines.size()));
    }
    fmt::print(stderr, "plait: {} request{} selected\n", copied, copied == 1 ? "" : "s");
    return exit_ok;
}

/// The input has rows: the templates of the run make requests of those that are selected.
int RetryCommand::write_rows(const std::string& requests, batch::RequestDefaults defaults,
                             const batch::LineSet& lines) const {
    const auto sink =
        output_.empty() ? batch::FileSink::standard_output() : batch::FileSink::create(output_, overwrite_);
    const batch::RowsWritten done = batch::write_rows_as_requests(requests, std::move(defaults), *sink, &lines);
    std::string refused;
    if (done.refused == 1) refused = fmt::format("; 1 row can't become a request: {}", done.first_refusals[0]);
    if (done.refused > 1)
        refused = fmt::format("; {} rows can't become requests, such as {}", done.refused, done.first_refusals[0]);
    fmt::print(stderr, "plait: {} request{} selected{}\n", done.written, done.written == 1 ? "" : "s", refused);
    return done.written == 0 && done.refused > 0 ? exit_some_not_ok : exit_ok;
}

batch::LineSet RetryCommand::chosen_lines() const {
    batch::LineSet lines;
    batch::ResultFactsReader reader;
    batch::for_each_result(results_[0], [&](const batch::ResultView& result) {
        const batch::ResultFacts facts = reader.read(result.text);
        const auto holds = [&](const batch::ResultFilter& filter) { return filter.matches(facts); };
        if (std::any_of(filters_.begin(), filters_.end(), holds)) lines.add(result.line);
    });
    return lines;
}

/// A selected request that has started a job would start another one.
void RetryCommand::warn_of_started_jobs(const batch::LineSet& lines) const {
    std::size_t count = 0;
    std::string first;
    for (const auto& [line, url] : batch::started_jobs(batch::state_path(results_[0]))) {
        if (!lines.contains(line)) continue;
        if (++count == 1) first = fmt::format("line {} (ask at {})", line, printable(url));
    }
    if (count == 0) return;
    warn(fmt::format("{} of the selected requests {} a job, such as that of {}: to send them again starts other jobs",
                     count, count == 1 ? "has started" : "have each started", first));
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
