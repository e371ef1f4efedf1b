#include "plait/cli/run/run_command.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/batch/output/file_sink.hpp"
#include "plait/batch/output/result_line.hpp"
#include "plait/batch/sources/open_source.hpp"
#include "plait/batch/sources/row_lines.hpp"
#include "plait/batch/status/check.hpp"
#include "plait/batch/status/summary.hpp"
#include "plait/cli/flags/values.hpp"
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
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

namespace plait::cli {

namespace {

/// The names of all entries, for help and messages.
template <class Entries, class Name = std::identity>
std::string list_of(const Entries& entries, std::string_view between, Name name = {}) {
    std::string text;
    for (const auto& entry : entries) {
        if (!text.empty()) text += between;
        text += name(entry);
    }
    return text;
}

std::string method_names() {
    return list_of(batch::methods, "|", [](const batch::MethodEntry& method) { return method.name; });
}

const batch::MethodEntry* parse_method(const std::string& value) {
    const batch::MethodEntry* method = batch::find_method(value);
    if (!method) throw_bad_input(fmt::format("'{}' is not one of {}", value, method_names()));
    return method;
}

std::string body_format_names() {
    return list_of(batch::body_formats, "|", [](const auto& format) { return format.first; });
}

batch::BodyFormat parse_body_format(const std::string& value) {
    for (const auto& [name, format] : batch::body_formats) {
        if (name == value) return format;
    }
    throw_bad_input(fmt::format("'{}' is not one of {}", value, body_format_names()));
}

std::vector<Choice> result_format_choices() {
    return {{"anthropic-batch", "with result, for MessageBatchIndividualResponse"},
            {"gemini-batch", "key, and response or error, for InlinedResponse"},
            {"mistral-batch", "the same as plait's own lines, which have all of their fields"},
            {"openai-batch", "likewise"}};
}

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

/// Prints how the calls to an origin go, once for each way.
std::function<void(const std::string&, const std::string&)> say_ways() {
    struct Said {
        std::mutex mutex;
        std::set<std::string> lines;
    };
    return [said = std::make_shared<Said>()](const std::string& origin, const std::string& way) {
        const std::string line = fmt::format("plait: {}: {}\n", origin, way);
        const std::lock_guard lock(said->mutex);
        if (said->lines.insert(line).second) StandardError().write(line);
    };
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

std::vector<Flag> RunCommand::flags() {
    return joined(output_flags(), input_flags(settings_.defaults, take_body_format()), header_flags(settings_),
                  resuming_flags(), method_flags(), calls_flags(calls_), repeat_flags(settings_.defaults),
                  connection_flags(settings_),
                  cluster_flags(cluster_,
                                "Let workers on other machines make the calls (plait worker), over the NATS "
                                "server at nats://HOST:PORT, or tls://HOST:PORT for an encrypted connection "
                                "(docs/cluster.md)."),
                  diagnosis_flags());
}

std::vector<Flag> RunCommand::output_flags() {
    return under(
        headings::input_and_output,
        {
            {"-o,--output", "FILE",
             "Write the results to this file. If it already holds results, resume: requests that have a "
             "result are not sent again. FILE.plait, beside it, records what was sent. Default: -, standard "
             "output.",
             [this](const std::string& value) { output_ = value == standard_output ? "" : value; }},
            {"--ordered", "",
             "Write results in input order instead of completion order. Results that wait for an earlier one "
             "are lost if the run is killed.",
             [this](const std::string&) { options_.ordered = true; }},
            {"--save-bodies", "DIR",
             "Save large answer bodies as files in this folder, named after their custom_id, instead of in results. A "
             "body of any size then takes no memory. The files are not searched for secrets.",
             [this](const std::string& value) { body_folder_.path = value; }},
            {"--inline-max", "SIZE",
             fmt::format("With --save-bodies: keep bodies up to this size in the results. Default: {}.",
                         to_flag_value(http::BodyFolder().inline_bytes)),
             [this](const std::string& value) {
                 body_folder_.inline_bytes = parse_bytes(value, 0);
                 inline_max_given_ = true;
             }},
            Flag("--body-format", body_format_names(),
                 "Write answer bodies in this form. Default: auto. --body with one of these words does the same.",
                 [this](const std::string& value) { options_.result_format.body = parse_body_format(value); })
                .with_choices({{"auto", "JSON if possible, else text, else base64"},
                               {"text", "text if it is UTF-8, else base64"},
                               {"base64", "always base64, byte for byte"}}),
            batch_format_flag("--result-format", "Write results in the form of a vendor's results (docs/formats.md).",
                              options_.result_format.batch)
                .with_choices(result_format_choices()),
            {"--strict-json", "", "Write JSON bodies whose numbers exceed doubles or 64 bits as text.",
             [this](const std::string&) { options_.result_format.strict_json = true; }},
            {"--dry-run", "FILE",
             "With --url: write the requests of all rows to this file, as request lines, and send nothing. Secrets "
             "keep their names: permit them with --secret when you run the file.",
             [this](const std::string& value) { dry_run_ = value; }},
            {"--strict", "", "Send nothing at all if any line is not a valid request, or if an id occurs twice.",
             [this](const std::string&) { strict_ = true; }},
        });
}

/// Before rows, `--body` was the flag for this.
OtherBody RunCommand::take_body_format() {
    return [this](const std::string& value) {
        const bool is_format = std::any_of(batch::body_formats.begin(), batch::body_formats.end(),
                                           [&value](const auto& named) { return named.first == value; });
        if (is_format) options_.result_format.body = parse_body_format(value);
        return is_format;
    };
}

std::vector<Flag> RunCommand::resuming_flags() {
    return under(headings::resuming,
                 {
                     {"--overwrite", "", "Start over: replace existing results, state and trace.",
                      [this](const std::string&) { options_.overwrite = true; }},
                     {"--extend", "", "Resume even though lines were appended to the input.",
                      [this](const std::string&) { options_.extend = true; }},
                     {"--repeat-unknown", "",
                      "Resend requests whose outcome an earlier run never learned. They may execute twice.",
                      [this](const std::string&) { options_.repeat_unknown = true; }},
                     {"--durable", "",
                      "Wait for the disk before sending a request that must not be sent twice, and after each group of "
                      "results, so that even a power failure loses nothing.",
                      [this](const std::string&) { options_.durable = true; }},
                 });
}

std::vector<Flag> RunCommand::method_flags() {
    std::vector<Choice> choices;
    for (const batch::MethodEntry& method : batch::methods)
        choices.push_back({std::string(method.name), std::string(method.help)});
    return under(headings::limits,
                 {Flag("--method", method_names(),
                       fmt::format("Choose how calls are made. Default: {}.", batch::methods.front().name),
                       [this](const std::string& value) {
                           options_.method = parse_method(value);
                           method_given_ = true;
                       })
                      .with_choices(std::move(choices))});
}

std::vector<Flag> RunCommand::diagnosis_flags() {
    return under(
        headings::diagnosis,
        {
            {"--quiet", "", "Show neither progress nor summary.", [this](const std::string&) { quiet_ = true; }},
            {"--verbose", "",
             "Say for each origin whether its calls go through a proxy, and why, when the first connection is made.",
             [this](const std::string&) { settings_.session.routes.tell = say_ways(); }},
            Flag("--ui", "[PORT]",
                 "Show the run as a page in a browser on this machine, at the URL that is printed: rate, limits, "
                 "latencies, errors, and buttons that pause, resume and stop the run. Without PORT, at any free port. "
                 "Whoever knows the URL may watch and stop the run.",
                 [this](const std::string& value) {
                     constexpr std::size_t largest = std::numeric_limits<std::uint16_t>::max();
                     page_port_ = static_cast<std::uint16_t>(parse_count(value, 0, largest));
                 })
                .with_optional_number("0"),
            {"--summary-json", "FILE", "Write the summary to this file, as JSON.",
             [this](const std::string& value) { summary_path_ = value; }},
            {"--trace", "FILE",
             "Record what every call does and when, for plait report and for trace viewers (docs/formats.md). "
             "A resumed run records only its own part.",
             [this](const std::string& value) { options_.trace = value; }},
        });
}

/// Lines of a file may have rules of their own, and so may rows; URLs have none.
void RunCommand::check_page_flags() const {
    if (options_.follow || settings_.defaults.rows.are_given()) return;
    const bool are_urls = std::all_of(inputs_.begin(), inputs_.end(),
                                      [](const std::string& input) { return input.find("://") != std::string::npos; });
    if (!are_urls) return;
    if (options_.max_pages) throw_bad_input("--max-pages needs --follow RULE, such as --follow next=link");
    if (options_.result_format.each_page)
        throw_bad_input("--each-page needs --follow RULE, such as --follow next=link");
}

int RunCommand::run() {
    if (!body_folder_.path.empty()) options_.save_bodies = body_folder_;
    if (inline_max_given_ && !options_.save_bodies) throw_bad_input("--inline-max needs --save-bodies DIR");
    if (options_.result_format.each_page && options_.follow && options_.follow->poll())
        throw_bad_input("--each-page needs pages, but --follow is about a job: leave one of them out");
    if (inputs_.empty()) throw_bad_input("no REQUESTS: give a file, URLs, or - for standard input");
    check_row_flags(settings_.defaults.rows);
    check_page_flags();
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
    if (options_.save_bodies)
        throw_bad_input("--save-bodies can't be used with --cluster: answers come to this machine whole");
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
    const batch::CheckReport report = batch::check_all(*batch::open_source(inputs_, std::move(defaults)));
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
    file << batch::summary_json(numbers.tally, numbers.counts, numbers.elapsed, settings_.notes) << std::flush;
    if (!file) throw Error(ErrorCode::storage, fmt::format("write {}: {}", summary_path_, system_message(errno)));
}

void RunCommand::say_how_it_ended(batch::Screen& screen, const batch::Run& run, batch::RunEnd end) const {
    const batch::RunNumbers numbers = run.numbers();
    if (!quiet_ && end != batch::RunEnd::unread) {
        screen.write(batch::summary_text(numbers.tally, numbers.counts, numbers.elapsed, settings_.notes));
        if (const std::uint64_t unknown = numbers.tally.count(batch::Outcome::unknown); unknown > 0) {
            const auto& first = numbers.first_unknown;
            const bool are_all_named = first.size() == unknown || output_.empty();
            screen.write(
                fmt::format("plait: {} may have been executed, but the answer was lost{}{}{}\n",
                            unknown == 1 ? "1 call" : fmt::format("{} calls", unknown),
                            first.empty() ? "" : ": " + list_of(first, ", "),
                            unknown > first.size() && !first.empty() ? ", ..." : "",
                            are_all_named ? "" : fmt::format("; plait retry {} --unknown lists all", output_)));
        }
    }
    const bool goes_on = run.is_resumable() && end != batch::RunEnd::finished;
    if (end == batch::RunEnd::stopped)
        screen.write(fmt::format("plait: stopped: {}\n", run.stop_reason().value_or("")));
    const bool is_used_up = end == batch::RunEnd::stopped && run.is_budget_used_up();
    if (goes_on && !quiet_)
        screen.write(
            fmt::format("plait: repeat the command{} to resume\n", is_used_up ? " with a larger --budget" : ""));
}

}  // namespace plait::cli
