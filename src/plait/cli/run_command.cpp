#include "plait/cli/run_command.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/method/open_trace.hpp"
#include "plait/batch/output/result_line.hpp"
#include "plait/batch/requests/open_source.hpp"
#include "plait/batch/status/check.hpp"
#include "plait/batch/status/run_report.hpp"
#include "plait/batch/status/summary.hpp"
#include "plait/cli/descriptor_limit.hpp"
#include "plait/cli/exit_code.hpp"
#include "plait/cli/interrupts.hpp"
#include "plait/cli/output.hpp"
#include "plait/cli/run_status.hpp"
#include "plait/cli/status_signal.hpp"
#include "plait/cli/terminal.hpp"
#include "plait/cli/values.hpp"
#include "plait/trace/trace_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace plait::cli {

namespace {

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_input, reason); }

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
    if (!method) refuse(fmt::format("'{}' is not one of {}", value, method_names()));
    return method;
}

std::string body_format_names() {
    return list_of(batch::body_formats, "|", [](const auto& format) { return format.first; });
}

batch::BodyFormat parse_body_format(const std::string& value) {
    for (const auto& [name, format] : batch::body_formats) {
        if (name == value) return format;
    }
    refuse(fmt::format("'{}' is not one of {}", value, body_format_names()));
}

bool is_same_file(const std::string& a, const std::string& b) {
    struct stat of_a {
    }, of_b{};
    return ::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0 && S_ISREG(of_a.st_mode) &&
           of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

/// Whether both name the same file, also one that is not there yet.
bool is_same_place(const std::string& a, const std::string& b) {
    if (is_same_file(a, b)) return true;
    std::error_code error;
    return !std::filesystem::exists(a, error) &&
           std::filesystem::weakly_canonical(a, error) == std::filesystem::weakly_canonical(b, error);
}

void warn_of_trace(const std::string& trouble) {
    warn(fmt::format("the trace ends here; the run continues: {}", trouble));
}

std::string_view name_of(batch::BodyFormat format) {
    return std::find_if(batch::body_formats.begin(), batch::body_formats.end(),
                        [format](const auto& named) { return named.second == format; })
        ->first;
}

/// The results that are there already.
batch::Tally tally_of(const batch::RunFiles& files) {
    batch::Tally tally;
    for (std::size_t n = 0; n < batch::outcome_count; ++n)
        tally.done_before(static_cast<batch::Outcome>(n), files.outcomes()[n]);
    return tally;
}

/// Keeps how the run stands where `plait status` finds it. Both outlive the task.
Task<void> keep_status(batch::RunMonitor& watch, batch::Journal& journal) {
    for (;;) {
        journal.set_status(to_json(watch.report()));
        co_await sleep_for(std::chrono::seconds(1));
    }
}

/// Keeps what is spent, as soon as results are, so that not even a run that is killed spends a budget twice. Both
/// outlive the task.
Task<void> keep_spent(const batch::RunRules& rules, batch::Journal& journal) {
    for (;;) {
        journal.set_spent(rules.spent());
        co_await sleep_for(batch::ResultQueue::longest_wait);
    }
}

/// Makes or empties the file: a run of hours should not find out at its end that it can't.
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
           "and "
           "calls in flight have 10 s to finish. A second Ctrl-C or SIGTERM abandons them. Repeat the command to "
           "resume.\n\n"
           "If a run seems stuck, kill -USR1 PID prints the calls in flight and what every task waits for; the run "
           "goes "
           "on. With PLAIT_DEBUG=1 in the environment it also prints how long each task has waited, and a warning "
           "names "
           "every task that blocks its loop for more than 100 ms (docs/debugging.md).";
}

Positional RunCommand::positional() const {
    return {
        "REQUESTS",
        "A file of requests (JSON Lines, or one URL per line; see docs/formats.md), URLs, or - for standard input."};
}

std::vector<Flag> RunCommand::flags() {
    return joined(output_flags(), input_flags(settings_.defaults), header_flags(settings_), resuming_flags(),
                  method_flags(), calls_flags(calls_), repeat_flags(settings_.defaults), connection_flags(settings_),
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
             [this](const std::string&) { runner_.ordered = true; }},
            Flag("--body", body_format_names(), "Write answer bodies in this form. Default: auto.",
                 [this](const std::string& value) { runner_.body_format = parse_body_format(value); })
                .with_choices({{"auto", "JSON if possible, else text, else base64"},
                               {"text", "text if it is UTF-8, else base64"},
                               {"base64", "always base64, byte for byte"}}),
            {"--strict", "", "Send nothing at all if any line is not a valid request, or if an id occurs twice.",
             [this](const std::string&) { strict_ = true; }},
        });
}

std::vector<Flag> RunCommand::resuming_flags() {
    return under(headings::resuming,
                 {
                     {"--overwrite", "", "Start over: replace existing results, state and trace.",
                      [this](const std::string&) { files_.overwrite = true; }},
                     {"--extend", "", "Resume even though lines were appended to the input.",
                      [this](const std::string&) { files_.extend = true; }},
                     {"--repeat-unknown", "",
                      "Resend requests whose outcome an earlier run never learned. They may execute twice.",
                      [this](const std::string&) { repeat_unknown_ = true; }},
                     {"--durable", "",
                      "Wait for the disk before sending a request that must not be sent twice, and after each group of "
                      "results, so that even a power failure loses nothing.",
                      [this](const std::string&) { files_.durable = true; }},
                 });
}

std::vector<Flag> RunCommand::method_flags() {
    std::vector<Choice> choices;
    for (const batch::MethodEntry& method : batch::methods)
        choices.push_back({std::string(method.name), std::string(method.help)});
    return under(headings::limits,
                 {Flag("--method", method_names(),
                       fmt::format("Choose how calls are made. Default: {}.", batch::methods.front().name),
                       [this](const std::string& value) { method_ = parse_method(value); })
                      .with_choices(std::move(choices))});
}

std::vector<Flag> RunCommand::diagnosis_flags() {
    return under(
        headings::diagnosis,
        {
            {"--quiet", "", "Show neither progress nor summary.", [this](const std::string&) { quiet_ = true; }},
            {"--summary-json", "FILE", "Write the summary to this file, as JSON.",
             [this](const std::string& value) { summary_path_ = value; }},
            {"--trace", "FILE",
             "Record what every call does and when, for plait report and for trace viewers (docs/formats.md). "
             "A resumed run records only its own part.",
             [this](const std::string& value) { trace_path_ = value; }},
        });
}

int RunCommand::run() {
    if (inputs_.empty()) refuse("no REQUESTS: give a file, URLs, or - for standard input");
    for (const std::string& input : inputs_) {
        if (is_same_file(input, output_)) refuse(fmt::format("{} is both input and output", input));
    }
    refuse_trace_path();
    warn_of_risks(settings_);
    if (strict_) refuse_bad_lines();
    runner_.calls = caller_options(calls_);
    runner_.calls.adaptive_concurrency = !calls_.concurrency;
    runner_.calls.concurrency = calls_.concurrency.value_or(
        calls_within_descriptors(batch::max_adaptive_concurrency(*method_), method_->descriptors_per_call));
    runner_.calls.secrets = &settings_.secrets;
    runner_.seed = std::random_device()();
    batch::MethodOptions options;
    options.session = settings_.session;
    options.stop = &stop_;
    options.grace = runner_.grace;
    options.status = &status_;
    options.concurrency = runner_.calls.concurrency;
    raise_descriptor_limit(options.concurrency, method_->descriptors_per_call);

    const auto files = open_files();
    settings_.defaults.key_seed = files->run_id();
    const auto source = batch::open_source(inputs_, settings_.defaults);
    resume(*files, *source);
    std::unique_ptr<trace::TraceFile> trace;
    EventLoopOptions loop_options;
    if (!trace_path_.empty()) {
        trace = batch::open_trace(trace_path_, replaces_trace(), "run", *method_, options.concurrency, warn_of_trace);
        options.trace = runner_.trace = trace.get();
        loop_options.recorder = &trace->recorder();
    }
    const auto method = method_->make(std::move(options));
    std::ofstream summary_file = open_summary(summary_path_);
    return EventLoop(loop_options).run(conduct(*source, *method, *files, summary_file));
}

std::unique_ptr<batch::RunFiles> RunCommand::open_files() {
    if (output_.empty()) return batch::RunFiles::standard_output();
    return batch::RunFiles::open(output_, settings_that_matter(), files_);
}

/// Takes over what an earlier run left in the files.
void RunCommand::resume(batch::RunFiles& files, batch::ResumableSource& source) {
    files.follow(source);
    runner_.calls.is_resumable = files.journal() != nullptr;
    runner_.calls.sends = files.journal();
    if (!runner_.calls.limits.empty()) runner_.calls.limit_logs = files.remember_limits(SystemWallClock::instance());
    if (!repeat_unknown_) runner_.sent_before = &files.sent_before();
}

/// What the results mean depends on these: who goes on with them has to mean the same.
batch::Settings RunCommand::settings_that_matter() const {
    std::set<std::string> headers;
    for (const http::Header header : settings_.defaults.headers) headers.emplace(header.name);
    batch::Settings settings{{"--base-url", settings_.defaults.base_url},
                             {"--header", list_of(headers, ", ")},
                             {"--body", std::string(name_of(runner_.body_format))}};
    if (!settings_.defaults.permitted_secrets.empty()) {
        const auto name = [](const auto& secret) { return std::string_view(secret.first); };
        settings.emplace_back("--secret", list_of(settings_.defaults.permitted_secrets, ", ", name));
    }
    // Requests that left without a key must not be sent again with one.
    if (settings_.defaults.automatic_keys) settings.emplace_back("--idempotency-key", "auto");
    return settings;
}

/// Reads the input once before the run does.
void RunCommand::refuse_bad_lines() const {
    if (inputs_.front() == "-")
        refuse("--strict reads the requests twice, but standard input can be read only once: use a file");
    batch::RequestDefaults defaults = settings_.defaults;
    defaults.notes = nullptr;  // the run will come upon the same lines
    const batch::CheckReport report = batch::check_all(*batch::open_source(inputs_, std::move(defaults)));
    if (report.is_refused()) refuse(fmt::format("nothing was sent (--strict):\n{}", batch::refusals_text(report)));
}

/// Of a run that goes on by the same command, the last part is traced.
bool RunCommand::replaces_trace() const {
    std::error_code error;
    return files_.overwrite || (!output_.empty() && std::filesystem::exists(batch::state_path(output_), error));
}

/// Before any file is made: a trace that is refused should leave no empty results behind.
void RunCommand::refuse_trace_path() const {
    if (trace_path_.empty()) return;
    for (const std::string& input : inputs_) {
        if (is_same_place(trace_path_, input)) refuse(fmt::format("{} is both input and trace", input));
    }
    if (!output_.empty() && is_same_place(trace_path_, output_)) {
        refuse(fmt::format("{} is both output and trace", output_));
    }
    if (!summary_path_.empty() && is_same_place(trace_path_, summary_path_)) {
        refuse(fmt::format("{} is both summary and trace", summary_path_));
    }
    std::error_code error;
    if (!replaces_trace() && std::filesystem::is_regular_file(trace_path_, error)) {
        refuse(fmt::format("{} exists: --overwrite replaces it", trace_path_));
    }
}

/// The run, with what is around it: progress, interruptions, the status for others, the summary. What it is given
/// outlives the task.
Task<int> RunCommand::conduct(batch::Source& source, batch::Method& method, batch::RunFiles& files,
                              std::ostream& summary_file) {
    StandardError screen;
    std::optional<batch::AuthCommand> auth;
    if (!calls_.auth_command.empty()) {
        runner_.calls.auth = &auth.emplace(
            calls_.auth_command, [this](std::string_view value) { settings_.secrets.add("auth-command", value); });
    }
    batch::Runner runner(source, method, files.sink(), runner_, std::move(files.ids()), tally_of(files));
    if (files.journal()) runner.calls().rules().spent_before(files.journal()->spent_before());
    batch::RunMonitor watch(runner, source, SystemWallClock::instance());
    batch::Progress progress(watch, screen);
    TaskGroup beside;
    if (!quiet_) beside.start(progress.show(), "progress");
    if (files.journal()) beside.start(keep_status(watch, *files.journal()), "status");
    if (files.journal() && !runner_.calls.rules.budgets.empty())
        beside.start(keep_spent(runner.calls().rules(), *files.journal()), "budget");
    const Interrupts interrupts(
        [&] {
            progress.clear();
            screen.write(
                runner.is_interrupted()
                    ? "plait: abandoning the calls in flight\n"
                    : "plait: interrupted: waiting for the calls in flight (interrupt again to abandon them)\n");
            runner.interrupt();
        },
        &stop_);
    RunStatus run_status(runner, method, progress, screen, beside);
    const StatusSignal status_signal(status_, [&] { run_status.show(); });

    batch::RunEnd end;
    try {
        end = co_await runner.run();
    } catch (const Error&) {
        files.close();  // what is known of requests that did not leave
        throw;
    }
    beside.cancel();
    co_await beside.join();
    progress.clear();
    if (files.journal()) {
        files.journal()->set_spent(runner.calls().rules().spent());
        files.journal()->set_status(to_json(watch.last_report(end)));
    }
    files.close();
    if (!summary_path_.empty()) {
        summary_file << batch::summary_json(runner.tally(), runner.calls().counts(), runner.elapsed(), settings_.notes)
                     << std::flush;
        if (!summary_file)
            throw Error(ErrorCode::storage, fmt::format("write {}: {}", summary_path_, system_message(errno)));
    }
    say_how_it_ended(screen, runner, end);
    co_return exit_code_of(runner.tally(), end);
}

void RunCommand::say_how_it_ended(batch::Screen& screen, const batch::Runner& runner, batch::RunEnd end) const {
    if (!quiet_ && end != batch::RunEnd::unread) {
        screen.write(batch::summary_text(runner.tally(), runner.calls().counts(), runner.elapsed(), settings_.notes));
        if (const std::uint64_t unknown = runner.tally().count(batch::Outcome::unknown); unknown > 0) {
            const auto& first = runner.first_unknown();
            const bool are_all_named = first.size() == unknown || output_.empty();
            screen.write(
                fmt::format("plait: {} may have been executed, but the answer was lost{}{}{}\n",
                            unknown == 1 ? "1 call" : fmt::format("{} calls", unknown),
                            first.empty() ? "" : ": " + list_of(first, ", "),
                            unknown > first.size() && !first.empty() ? ", ..." : "",
                            are_all_named ? "" : fmt::format("; plait retry {} --unknown lists all", output_)));
        }
    }
    const bool goes_on = runner_.calls.is_resumable && end != batch::RunEnd::finished;
    if (end == batch::RunEnd::stopped)
        screen.write(fmt::format("plait: stopped: {}\n", runner.stop_reason().value_or("")));
    const bool is_used_up = end == batch::RunEnd::stopped && runner.calls().rules().is_budget_used_up();
    if (goes_on && !quiet_)
        screen.write(
            fmt::format("plait: repeat the command{} to resume\n", is_used_up ? " with a larger --budget" : ""));
}

}  // namespace plait::cli
