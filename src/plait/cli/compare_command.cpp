#include "plait/cli/compare_command.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/method/descriptor_limit.hpp"
#include "plait/batch/sources/open_source.hpp"
#include "plait/cli/flags/calls_flags.hpp"
#include "plait/cli/flags/values.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/interrupts.hpp"
#include "plait/cli/screen/output.hpp"
#include "plait/cli/screen/terminal.hpp"
#include "plait/compare/advice.hpp"
#include "plait/compare/comparison_json.hpp"
#include "plait/compare/jobs/python.hpp"
#include "plait/compare/jobs/python_calls.hpp"
#include "plait/compare/measure/call_work.hpp"
#include "plait/compare/table.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace plait::cli {

namespace {

constexpr std::size_t most_concurrency = 1'000'000;
constexpr std::size_t most_sampled = 1'000'000;
constexpr std::size_t most_jobs = 100'000;
constexpr std::size_t most_repetitions = 1'000;
constexpr std::size_t usual_jobs = 20;
constexpr std::size_t usual_sample = 160;
constexpr std::size_t usual_python_concurrency = 100;  // of the package's map
constexpr std::size_t usual_columns = 80;
// From waiting in turn, through waiting in parallel, to computing in parallel.
constexpr const char* usual_methods = "sync,threads,async,processes";

/// The default of plait run.
std::size_t most_by_default(const batch::MethodEntry& method) {
    return batch::calls_within_descriptors(batch::max_adaptive_concurrency(method), method.descriptors_per_call);
}

std::vector<const batch::MethodEntry*> parse_methods(const std::string& value) {
    std::vector<const batch::MethodEntry*> methods;
    for (const std::string& name : parse_list(value)) {
        const batch::MethodEntry* const method = batch::find_method(name);
        if (!method) throw_bad_input(fmt::format("'{}' is not one of the methods {}", name, usual_methods));
        if (std::find(methods.begin(), methods.end(), method) == methods.end()) methods.push_back(method);
    }
    return methods;
}

std::vector<std::size_t> parse_concurrencies(const std::string& value) {
    std::vector<std::size_t> numbers;
    for (const std::string& text : parse_list(value)) numbers.push_back(parse_count(text, 1, most_concurrency));
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return numbers;
}

std::size_t processors() { return std::max(1u, std::thread::hardware_concurrency()); }

/// Makes the folder first: a comparison of an hour must not fail at its end.
void make_folder(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) throw Error(ErrorCode::storage, fmt::format("create {}: {}", path, error.message()));
    if (::access(path.c_str(), W_OK) != 0) {
        throw Error(ErrorCode::storage, fmt::format("write to {}: {}", path, system_message(errno)));
    }
}

/// Shows the current measurement: on a terminal in one line that is overwritten, elsewhere one line each.
class MeasuringLine {
  public:
    void show(const compare::Way& way, std::size_t number, std::size_t total) {
        clear();
        std::string text =
            fmt::format("measuring {}{} ({} of {})", way.is_python() ? "Python's " : "", way.method, number, total);
        if (!screen_.is_terminal()) {
            screen_.write("plait: " + text + "\n");
            return;
        }
        screen_.write(text.substr(0, screen_.columns()));
        is_drawn_ = true;
    }
    void clear() {
        if (std::exchange(is_drawn_, false)) screen_.write("\r\x1b[K");
    }

  private:
    StandardError screen_;
    bool is_drawn_ = false;
};

bool all_ok(const compare::Comparison& comparison) {
    return comparison.is_of_jobs() ||
           std::all_of(comparison.rows.begin(), comparison.rows.end(),
                       [](const compare::Row& row) { return row.ok() == row.measured.done; });
}

bool is_whole(const compare::Comparison& comparison, const std::vector<compare::Way>& ways) {
    // Python's rows are optional.
    const auto is_ours = [](const compare::Way& way) { return !way.is_python(); };
    return std::count_if(ways.begin(), ways.end(), is_ours) ==
           std::count_if(comparison.rows.begin(), comparison.rows.end(),
                         [&](const compare::Row& row) { return is_ours(row.way); });
}

}  // namespace

std::string_view CompareCommand::help() const {
    return "Do the same work with each method, and explain which one to use.";
}

Positional CompareCommand::positional() const { return {"REQUESTS", "The same as for plait run."}; }

std::vector<Flag> CompareCommand::flags() {
    return joined(
        under("Comparison",
              {
                  {"--sample", "N",
                   fmt::format("Make N of the requests with each method, chosen evenly from the input. Default: {}.",
                               usual_sample),
                   [this](const std::string& value) { sample_ = parse_count(value, 1, most_sampled); }},
                  {"--methods", "NAME,...", fmt::format("Compare these methods. Default: {}.", usual_methods),
                   [this](const std::string& value) { methods_ = parse_methods(value); }},
                  {"--concurrency", "N,...",
                   "Allow at most N calls in flight; threads and processes start N workers. With several numbers, "
                   "measure each method with each of them. Default: as for plait run; with --cpu, one per processor.",
                   [this](const std::string& value) { concurrencies_ = parse_concurrencies(value); }},
                  {"--repeat", "N", "Measure each row N times, in turns, and show the medians. Default: 1.",
                   [this](const std::string& value) { repetitions_ = parse_count(value, 1, most_repetitions); }},
                  {"--yes-repeat-unsafe", "", "Send requests such as POST, too, although each is sent several times.",
                   [this](const std::string&) { yes_repeat_unsafe_ = true; }},
              }),
        under(
            "Computation",
            {
                {"--cpu", "JOB", fmt::format("Compare computation instead of calls. JOB is {}.", compare::known_jobs()),
                 [this](const std::string& value) { job_ = compare::Job::parse(value); }},
                {"--jobs", "N", fmt::format("With --cpu: run N jobs. Default: {}.", usual_jobs),
                 [this](const std::string& value) { jobs_ = parse_count(value, 1, most_jobs); }},
                {"--with-python", "",
                 "Measure Python, too, if python3 is installed. With --cpu: run the same jobs with its own libraries, "
                 "and "
                 "with the package plait, if it is installed. Else make the same calls with the package's map, at most "
                 "--concurrency at a time (default: 100); 2xx is ok.",
                 [this](const std::string&) { with_python_ = true; }},
            }),
        under(headings::input_and_output,
              {
                  {"--json", "", "Print JSON to standard output, and the table to standard error.",
                   [this](const std::string&) { json_ = true; }},
                  {"--trace", "DIR",
                   "Record what every task does: write one trace per method and comparison.json to this directory, for "
                   "plait report.",
                   [this](const std::string& value) { trace_folder_ = value; }},
              }),
        redirect_flags(redirects_), session_flags(settings_));
}

int CompareCommand::run() {
    check_flags();
    if (methods_.empty()) methods_ = parse_methods(usual_methods);
    settle(settings_, inputs_);

    compare::CompareOptions options;
    options.ways = ways();
    options.repetitions = repetitions_;
    options.trace_folder = trace_folder_;
    const auto work = make_work(options.ways.size() * repetitions_);
    if (with_python_) options.python_command = python_command(*work);
    if (!trace_folder_.empty()) make_folder(trace_folder_);
    MeasuringLine line;
    options.on_begin = [&line](const compare::Way& way, std::size_t number, std::size_t total) {
        line.show(way, number, total);
    };
    compare::Comparer comparer(*work, std::move(options));
    const bool finished = plait::run(measure(comparer));
    line.clear();
    return report(comparer, finished);
}

/// Returns false if interrupted. `comparer` outlives the task.
Task<bool> CompareCommand::measure(compare::Comparer& comparer) {
    CancelScope measuring;
    const Interrupts interrupts([&measuring] { measuring.cancel(); });
    co_return co_await measuring.run(comparer.run());
}

int CompareCommand::report(const compare::Comparer& comparer, bool finished) const {
    const compare::Comparison comparison = comparer.result();
    for (const std::string& trouble : comparer.troubles()) fmt::print(stderr, "plait: {}\n", trouble);
    if (!finished) std::fputs("plait: interrupted; measured so far:\n", stderr);
    if (!comparison.rows.empty()) show(comparison);
    if (!finished || comparison.rows.empty()) return exit_stopped;
    return all_ok(comparison) && is_whole(comparison, ways()) ? exit_ok : exit_some_not_ok;
}

void CompareCommand::show(const compare::Comparison& comparison) const {
    const std::string json = compare::comparison_json(comparison);
    const int place = json_ ? STDERR_FILENO : STDOUT_FILENO;
    const std::size_t columns = terminal_columns(place).value_or(usual_columns);
    std::string text = compare::table(comparison, columns);
    if (const std::string advice = compare::advise(comparison).text; !advice.empty()) {
        text += "\n" + compare::wrapped(advice, columns);
    }
    print(json_ ? stderr : stdout, text);
    if (json_) print(stdout, json);
    if (!trace_folder_.empty()) write_file(trace_folder_ + "/comparison.json", json);
}

void CompareCommand::check_flags() const {
    if (!job_) {
        if (inputs_.empty()) throw_bad_input("no REQUESTS: give a file, URLs, or - for standard input; or --cpu JOB");
        if (jobs_) throw_bad_input("--jobs needs --cpu; for requests use --sample");
    } else if (!inputs_.empty()) {
        throw_bad_input(fmt::format("--cpu makes no calls and takes no REQUESTS: {}", inputs_.front()));
    }
}

std::vector<compare::Way> CompareCommand::ways() const {
    std::vector<compare::Way> ways;
    bool adaptive = !job_ && concurrencies_.empty();
    const auto add = [&](std::string by, std::string_view method, batch::Scheduling scheduling, std::size_t usual) {
        // Concurrency has no effect: nothing switches, or the tasks compute on one thread.
        const bool is_one = scheduling == batch::Scheduling::nobody || (job_ && scheduling == batch::Scheduling::task);
        std::vector<std::size_t> numbers = concurrencies_.empty() ? std::vector{usual} : concurrencies_;
        if (is_one) numbers = {1};
        for (const std::size_t number : numbers)
            ways.emplace_back(by, std::string(method), scheduling, number, adaptive);
    };
    for (const batch::MethodEntry* method : methods_) {
        add("plait", method->name, method->scheduling, job_ ? processors() : most_by_default(*method));
    }
    if (!with_python_) return ways;
    adaptive = false;
    for (const auto& [method, scheduling] : compare::python_methods) {
        if (job_ || method == compare::python_package)
            add("python", method, scheduling, job_ ? processors() : usual_python_concurrency);
    }
    return ways;
}

compare::PythonCommand CompareCommand::python_command(const compare::Work& work) const {
    if (const auto* jobs = dynamic_cast<const compare::JobWork*>(&work))
        return [jobs](const compare::Way& way) { return compare::python_command(*jobs, way); };
    const std::string lacking = settings_.proxies.proxy ? "--proxy" : settings_.proxies.no_proxy ? "--noproxy" : "";
    auto calls = std::make_shared<compare::PythonCalls>(dynamic_cast<const compare::CallWork&>(work), lacking);
    return [calls](const compare::Way& way) { return calls->command(way); };
}

std::unique_ptr<compare::Work> CompareCommand::make_work(std::size_t times) const {
    if (job_) return std::make_unique<compare::JobWork>(*job_, jobs_.value_or(usual_jobs));

    for (const batch::MethodEntry* method : methods_) {
        const std::size_t most = concurrencies_.empty() ? most_by_default(*method) : concurrencies_.back();
        batch::raise_descriptor_limit(most, method->descriptors_per_call);
    }
    compare::Sample sample = sampled();
    refuse_unsafe(sample.calls, times);
    return std::make_unique<compare::CallWork>(std::move(sample.calls), settings_.session, redirects_);
}

compare::Sample CompareCommand::sampled() const {
    const auto source = batch::open_source(inputs_, settings_.defaults);
    compare::Sample sample = plait::run(compare::read_sample(*source, sample_.value_or(usual_sample)));
    if (sample.left_out > 0) {
        fmt::print(stderr, "plait: {} line{} left out; the first: {}\n", sample.left_out,
                   sample.left_out == 1 ? " is" : "s are", sample.first_left_out);
    }
    if (sample.calls.empty()) throw_bad_input("the input has no valid request");
    return sample;
}

void CompareCommand::refuse_unsafe(const std::vector<batch::Call>& calls, std::size_t times) const {
    const std::size_t unsafe = compare::count_unsafe(calls);
    if (unsafe == 0 || yes_repeat_unsafe_) return;
    throw_bad_input(
        fmt::format("{} of {} request{} may change something at the server (the method is not GET, HEAD, OPTIONS or "
                    "TRACE), and each would be sent {} times; if that does no harm, give --yes-repeat-unsafe",
                    unsafe, calls.size(), calls.size() == 1 ? "" : "s", times));
}

}  // namespace plait::cli
