#include "plait/cli/run_command.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/file_sink.hpp"
#include "plait/batch/open_source.hpp"
#include "plait/batch/open_trace.hpp"
#include "plait/batch/progress.hpp"
#include "plait/batch/result_line.hpp"
#include "plait/batch/summary.hpp"
#include "plait/cli/descriptor_limit.hpp"
#include "plait/cli/exit_code.hpp"
#include "plait/cli/interrupts.hpp"
#include "plait/cli/run_status.hpp"
#include "plait/cli/status_signal.hpp"
#include "plait/cli/terminal.hpp"
#include "plait/cli/values.hpp"
#include "plait/trace/trace_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

namespace plait::cli {

namespace {

constexpr std::size_t most_concurrency = 1'000'000;

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_input, reason); }

/// The names of a table's entries, for help and messages.
template <class Table, class Name>
std::string names_of(const Table& table, Name name) {
    std::string text;
    for (const auto& entry : table) text += fmt::format("{}{}", text.empty() ? "" : "|", name(entry));
    return text;
}

std::string method_names() {
    return names_of(batch::methods, [](const batch::MethodEntry& method) { return method.name; });
}

std::string method_help() {
    std::string text = "Who makes the calls.";
    for (const batch::MethodEntry& method : batch::methods) text += fmt::format(" {}: {}.", method.name, method.help);
    return text + fmt::format(" Default: {}.", batch::methods.front().name);
}

std::string concurrency_help() {
    std::string text;
    for (const batch::MethodEntry& method : batch::methods) {
        const std::size_t usual = method.usual_concurrency;
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", method.name,
                            usual == 0 ? "as many as there are processors" : fmt::to_string(usual));
    }
    return fmt::format("Calls in flight in all; how many threads or processes. Default: {}.", text);
}

const batch::MethodEntry* parse_method(const std::string& value) {
    const batch::MethodEntry* method = batch::find_method(value);
    if (!method) refuse(fmt::format("'{}' is not one of {}", value, method_names()));
    return method;
}

std::string body_format_names() {
    return names_of(batch::body_formats, [](const auto& format) { return format.first; });
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
    StandardError screen;
    // A status line may stand there.
    if (screen.is_terminal()) screen.write("\r\x1b[K");
    screen.write(fmt::format("plait: warning: the trace ends here, and the run goes on: {}\n", trouble));
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

std::string_view RunCommand::help() const { return "Makes each request a call, and writes a line for every answer."; }

std::string_view RunCommand::notes() const {
    return "When it stands still: kill -USR1 PID shows on standard error which calls are in flight and what every task "
           "waits for, while the run goes on. With PLAIT_DEBUG=1 in the environment that tells also for how long, and "
           "there is a warning of each task that keeps its loop for more than 100 ms (docs/debugging.md).";
}

Positional RunCommand::positional() const {
    return {"REQUESTS", "A file of requests, JSON Lines or URLs (docs/formats.md); or URLs; or - for standard input."};
}

std::vector<Flag> RunCommand::flags() {
    std::vector<Flag> flags{
        {"-o,--output", "FILE", "Where the results go. Default: standard output.",
         [this](const std::string& value) { output_ = value; }},
        {"--overwrite", "", "Replaces a results file or a trace that exists, instead of refusing it.",
         [this](const std::string&) { overwrite_ = true; }},
        {"--method", method_names(), method_help(),
         [this](const std::string& value) { method_ = parse_method(value); }},
        {"--concurrency", "N", concurrency_help(),
         [this](const std::string& value) { concurrency_ = parse_count(value, 1, most_concurrency); }},
        {"--ordered", "", "Writes results in the order of the input, instead of the order of completion.",
         [this](const std::string&) { runner_.ordered = true; }},
        {"--body", body_format_names(),
         "How an answer's body appears: auto: as JSON, else as text, else as base64; text: as text, else as base64; "
         "base64: "
         "to the byte. Default: auto.",
         [this](const std::string& value) { runner_.body_format = parse_body_format(value); }},
        {"--quiet", "", "Shows neither progress nor summary.", [this](const std::string&) { quiet_ = true; }},
        {"--summary-json", "FILE", "Writes the summary to a file, as JSON.",
         [this](const std::string& value) { summary_path_ = value; }},
        {"--trace", "FILE",
         "Records what each call did at each time, for plait report and for trace viewers (docs/formats.md).",
         [this](const std::string& value) { trace_path_ = value; }},
    };
    return joined(std::move(flags), session_flags(settings_));
}

int RunCommand::run() {
    if (inputs_.empty()) refuse("no REQUESTS: give a file, URLs, or - for standard input");
    for (const std::string& input : inputs_) {
        if (is_same_file(input, output_)) refuse(fmt::format("{} is the input and the output", input));
    }
    refuse_trace_path();
    warn_of_risks(settings_);
    batch::MethodOptions options;
    options.session = settings_.session;
    options.stop = &stop_;
    options.grace = runner_.grace;
    options.status = &status_;
    options.concurrency = runner_.calls.concurrency = concurrency_.value_or(batch::default_concurrency(*method_));
    raise_descriptor_limit(options.concurrency, method_->descriptors_per_call);

    const auto source = batch::open_source(inputs_, settings_.defaults);
    const auto sink =
        output_.empty() ? batch::FileSink::standard_output() : batch::FileSink::create(output_, overwrite_);
    std::unique_ptr<trace::TraceFile> trace;
    EventLoopOptions loop_options;
    if (!trace_path_.empty()) {
        trace = batch::open_trace(trace_path_, overwrite_, "run", *method_, options.concurrency, warn_of_trace);
        options.trace = runner_.trace = trace.get();
        loop_options.recorder = &trace->recorder();
    }
    const auto method = method_->make(std::move(options));
    std::ofstream summary_file = open_summary(summary_path_);
    return EventLoop(loop_options).run(conduct(*source, *method, *sink, summary_file));
}

/// Before any file is made: a trace that is refused should leave no empty results behind.
void RunCommand::refuse_trace_path() const {
    if (trace_path_.empty()) return;
    for (const std::string& input : inputs_) {
        if (is_same_place(trace_path_, input)) refuse(fmt::format("{} is the input and the trace", input));
    }
    if (!output_.empty() && is_same_place(trace_path_, output_)) {
        refuse(fmt::format("{} is the output and the trace", output_));
    }
    if (!summary_path_.empty() && is_same_place(trace_path_, summary_path_)) {
        refuse(fmt::format("{} is the summary and the trace", summary_path_));
    }
    std::error_code error;
    if (!overwrite_ && std::filesystem::is_regular_file(trace_path_, error)) {
        refuse(fmt::format("{} exists: --overwrite replaces it", trace_path_));
    }
}

/// The run, with what is around it: progress, interruptions, the summary. What it is given outlives the task.
Task<int> RunCommand::conduct(batch::Source& source, batch::Method& method, batch::Sink& sink,
                              std::ostream& summary_file) {
    StandardError screen;
    batch::Runner runner(source, method, sink, runner_);
    batch::Progress progress(runner, source, screen);
    TaskGroup beside;
    if (!quiet_) beside.start(progress.show(), "progress");
    const Interrupts interrupts(
        [&] {
            progress.clear();
            screen.write(runner.is_interrupted()
                             ? "plait: giving up what is in flight\n"
                             : "plait: interrupted: waiting for what is in flight (again: at once)\n");
            runner.interrupt();
        },
        &stop_);
    RunStatus run_status(runner, method, progress, screen, beside);
    const StatusSignal status_signal(status_, [&] { run_status.show(); });

    const batch::RunEnd end = co_await runner.run();
    beside.cancel();
    co_await beside.join();
    progress.clear();
    if (!summary_path_.empty()) {
        summary_file << batch::summary_json(runner.tally(), runner.calls().counts(), runner.elapsed()) << std::flush;
        if (!summary_file)
            throw Error(ErrorCode::storage, fmt::format("write {}: {}", summary_path_, system_message(errno)));
    }
    if (!quiet_ && end != batch::RunEnd::unread)
        screen.write(batch::summary_text(runner.tally(), runner.calls().counts(), runner.elapsed()));
    co_return exit_code_of(runner.tally(), end);
}

}  // namespace plait::cli
