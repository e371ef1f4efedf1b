#include "plait/cli/run/run_command.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/base/text/joined.hpp"
#include "plait/base/text/words.hpp"
#include "plait/batch/check/check.hpp"
#include "plait/batch/output/file_sink.hpp"
#include "plait/batch/sources/open_source.hpp"
#include "plait/batch/sources/row_lines.hpp"
#include "plait/batch/status/next_steps.hpp"
#include "plait/batch/status/summary.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/interrupts.hpp"
#include "plait/cli/screen/output.hpp"
#include "plait/cli/screen/output_paths.hpp"
#include "plait/cli/screen/run_status.hpp"
#include "plait/cli/screen/status_signal.hpp"
#include "plait/cli/screen/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <memory>
#include <string_view>
#include <utility>

namespace plait::cli {

namespace {

/// Opens the file before the run: a run of hours must not fail at its end.
std::ofstream open_summary(const std::string& path) {
    std::ofstream file;
    if (path.empty()) return file;
    file.open(path, std::ios::binary | std::ios::trunc);
    if (!file) throw Error(ErrorCode::storage, fmt::format("create {}: {}", path, system_message(errno)));
    return file;
}

int exit_code_of(const batch::Tally& tally, batch::RunEnd end) {
    if (end != batch::RunEnd::finished) return exit_stopped;
    return tally.not_ok() > 0 ? exit_some_not_ok : exit_ok;
}

}  // namespace

std::string_view RunCommand::help() const { return "Make the calls, and write exactly one result for each request."; }

std::string_view RunCommand::notes() const {
    return "Ctrl-C, SIGTERM or a closed terminal (SIGHUP, unless under nohup) stops the run: no further call is sent, "
           "and calls in flight have 10 s to finish. A second Ctrl-C or SIGTERM abandons them. Repeat the command to "
           "resume.\n\n"
           "If a run seems stuck, kill -USR1 PID prints the calls in flight and what every task waits for; the run "
           "goes on. With PLAIT_DEBUG=1 in the environment it also prints how long each task has waited, and a "
           "warning names every task that blocks its loop for more than 100 ms (docs/debugging.md).";
}

Positional RunCommand::positional() const {
    return {
        "REQUESTS",
        "A file of requests (JSON Lines, or one URL per line; see docs/formats.md), URLs, or - for standard input."};
}

int RunCommand::run() {
    if (!body_folder_.path.empty()) options_.save_bodies = body_folder_;
    if (inline_max_given_ && !options_.save_bodies) throw_bad_input("--inline-max needs --save-bodies DIR");
    if (inputs_.empty()) throw_bad_input("no REQUESTS: give a file, URLs, or - for standard input");
    check_row_flags(settings_.defaults.rows);
    check_page_flags(options_, inputs_, settings_.defaults.rows.are_given());
    if (!dry_run_.empty()) return write_requests();
    RunPaths paths(inputs_, output_, options_.trace, summary_path_);
    paths.cookies = options_.cookie_jar;
    check_paths(paths);
    settle(settings_, inputs_);
    if (strict_) refuse_bad_lines();
    read_cost_from(calls_);
    options_.requests = settings_.defaults;
    options_.session = settings_.session;
    options_.warn = warn;
    if (!cluster_.url.empty()) join_cluster();
    // Before any file is made, and anything is sent: a port that is in use stops the run here.
    if (page_port_) options_.page_url = page_.emplace(*page_port_).url();
    batch::Run run(inputs_, output_.empty() ? std::string(standard_output) : output_, options_);
    std::ofstream summary_file = open_summary(summary_path_);
    return EventLoop(run.loop_options()).run(conduct(run, summary_file));
}

/// What is given with a dry run and affects how requests are made, but does not stand in them.
std::string RunCommand::flags_of_the_run() const {
    std::string flags;
    for (const auto& [is_given, flag] : {std::pair(options_.follow != nullptr, "--follow"),
                                         std::pair(settings_.defaults.safe_to_repeat, "--safe-to-repeat"),
                                         std::pair(settings_.defaults.automatic_keys, "--idempotency-key")}) {
        if (is_given) flags.append(flags.empty() ? "" : ", ").append(flag);
    }
    return flags;
}

int RunCommand::write_requests() const {
    if (!settings_.defaults.rows.are_given())
        throw_bad_input(
            "--dry-run writes the requests of rows, which --url TEMPLATE makes: these are requests already");
    if (inputs_.size() > 1) throw_bad_input("--url takes one file of rows");
    if (is_same_file(inputs_.front(), dry_run_))
        throw_bad_input(fmt::format("{} is both input and output: give another --dry-run", dry_run_));
    const auto sink = dry_run_ == standard_output ? batch::FileSink::standard_output()
                                                  : batch::FileSink::create(dry_run_, options_.overwrite);
    const batch::RowsWritten done = batch::write_rows_as_requests(inputs_.front(), settings_.defaults, *sink);
    StandardError screen;
    for (const std::string& refusal : done.first_refusals)
        screen.write(fmt::format("plait: {}\n", printable(refusal, 300)));
    if (done.refused > done.first_refusals.size())
        screen.write(fmt::format("plait: and {} more\n", done.refused - done.first_refusals.size()));
    if (const std::string flags = flags_of_the_run(); !flags.empty() && done.written > 0)
        screen.write(fmt::format("plait: repeat {} when you run the file: its lines do not hold flags\n", flags));
    if (!quiet_) {
        const std::string refused = done.refused == 0   ? ""
                                    : done.refused == 1 ? "; 1 row can't become a request"
                                                        : fmt::format("; {} rows can't become requests", done.refused);
        screen.write(fmt::format("plait: {} request{} written, nothing sent{}\n", done.written,
                                 done.written == 1 ? "" : "s", refused));
    }
    return done.refused > 0 ? exit_some_not_ok : exit_ok;
}

/// What workers decide, or can't do, must not be asked for here: a flag that did nothing would be a trap.
void RunCommand::join_cluster() {
    const http::SessionOptions& session = settings_.session;
    const bool names_files = !session.tls.ca_file.empty() || !session.tls.certificate_file.empty();
    const bool names_ways = settings_.proxies.proxy || settings_.proxies.no_proxy || !session.routes.resolve.empty() ||
                            !session.routes.connect_to.empty() || !session.routes.unix_socket.empty();
    if (method_given_) throw_bad_input("--cluster and --method exclude each other: workers make the calls");
    if (names_files || names_ways)
        throw_bad_input(
            "with --cluster, workers make the connections: give flags about proxies, certificates and "
            "addresses to plait worker");
    options_.cluster = cluster_.settle();
    options_.method = &batch::cluster_method;
}

/// Reads the input once before the run does.
void RunCommand::refuse_bad_lines() const {
    if (inputs_.front() == "-")
        throw_bad_input("--strict reads the requests twice, but standard input can be read only once: use a file");
    batch::RequestDefaults defaults = settings_.defaults;
    defaults.notes = nullptr;  // the run will note the same lines
    batch::CheckedPages pages;
    pages.follow = options_.follow;
    pages.each_page = options_.result_format.each_page;
    const batch::CheckReport report =
        batch::check_all(*batch::open_source(inputs_, std::move(defaults)), {}, {}, std::move(pages));
    if (report.is_refused())
        throw_bad_input(fmt::format("nothing was sent (--strict):\n{}", batch::refusals_text(report)));
}

/// Finishes the run, with progress, interruptions and a summary. The arguments outlive the task.
Task<int> RunCommand::conduct(batch::Run& run, std::ostream& summary_file) {
    StandardError screen;
    batch::Progress progress([&run] { return run.report(); }, screen);
    TaskGroup beside;
    if (!quiet_) beside.start(progress.show(), "progress");
    const Interrupts interrupts(
        [&] {
            progress.clear();
            screen.write(
                run.is_interrupted()
                    ? "plait: abandoning the calls in flight\n"
                    : "plait: interrupted: waiting for the calls in flight (interrupt again to abandon them)\n");
            run.interrupt();
        },
        &run.stop_request());
    RunStatus run_status(run, progress, screen, beside);
    const StatusSignal status_signal(run.status_request(), [&] { run_status.show(); });

    if (page_) page_->serve(run, output_.empty() ? inputs_.front() : output_, screen, progress, beside);
    const batch::RunEnd end = page_ ? co_await page_->finish(run) : co_await run.finish();
    beside.cancel();
    co_await beside.join();
    progress.clear();
    const batch::RunNumbers numbers = run.numbers();
    write_summary(numbers, summary_file);
    say_how_it_ended(screen, run, end);
    co_return exit_code_of(numbers.tally, end);
}

void RunCommand::write_summary(const batch::RunNumbers& numbers, std::ostream& file) const {
    if (summary_path_.empty()) return;
    file << batch::summary_json(numbers.tally, numbers.counts, numbers.elapsed, settings_.notes, numbers.remarks)
         << std::flush;
    if (!file) throw Error(ErrorCode::storage, fmt::format("write {}: {}", summary_path_, system_message(errno)));
}

void RunCommand::say_how_it_ended(batch::Screen& screen, batch::Run& run, batch::RunEnd end) const {
    const batch::RunNumbers numbers = run.numbers();
    if (!quiet_ && end != batch::RunEnd::unread) {
        screen.write(
            batch::summary_text(numbers.tally, numbers.counts, numbers.elapsed, settings_.notes, numbers.remarks));
        if (const std::uint64_t unknown = numbers.tally.count(batch::Outcome::unknown); unknown > 0) {
            const auto& first = numbers.first_unknown;
            const bool are_all_named = first.size() == unknown || output_.empty();
            screen.write(
                fmt::format("plait: {} may have been executed, but the answer was lost{}{}{}\n",
                            unknown == 1 ? "1 call" : fmt::format("{} calls", unknown),
                            first.empty() ? "" : ": " + joined_by(first, ", "),
                            unknown > first.size() && !first.empty() ? ", ..." : "",
                            are_all_named ? "" : fmt::format("; plait retry {} --unknown lists all", output_)));
        }
    }
    const bool goes_on = run.is_resumable() && end != batch::RunEnd::finished;
    if (end == batch::RunEnd::stopped)
        screen.write(fmt::format("plait: stopped: {}\n", run.stop_reason().value_or("")));
    if (!goes_on || quiet_) return;
    const batch::RunReport report = run.report();
    if (const std::string resume = batch::how_to_resume(report); !resume.empty())
        screen.write(fmt::format("plait: {}\n", resume));
    if (end != batch::RunEnd::stopped) return;
    for (const std::string& step : batch::retry_steps(report, output_))
        screen.write(fmt::format("plait: then {}\n", step));
}

}  // namespace plait::cli
