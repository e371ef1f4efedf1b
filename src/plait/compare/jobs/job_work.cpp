#include "plait/compare/jobs/job_work.hpp"

#include "plait/async/coordination/gather.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/base/assert.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/batch/tally/latency_histogram.hpp"
#include "plait/compare/measure/internal/measurement_trace.hpp"
#include "plait/compare/measure/resource_usage.hpp"
#include "plait/trace/trace_file.hpp"
#include "plait/workers/process_pool.hpp"
#include "plait/workers/thread_pool.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <set>
#include <string_view>
#include <vector>

namespace plait::compare {

namespace {

/// One finished job: the thread that ran it, and when, by the machine's clock.
struct JobRun {
    template <class Archive>
    void serialize(Archive& archive) {
        archive(worker, processors, begin, end, ready, answer);
    }

    int worker = 0;                   ///< the kernel's number of the thread
    std::array<int, 2> processors{};  ///< which it was on at the job's begin and end
    Duration begin{};
    Duration end{};
    Duration ready{};  ///< the part of it spent in the kernel's queue for a processor
    std::string answer;
};

Duration clock_time() { return SteadyClock::instance().now().time_since_epoch(); }

JobRun run_job(std::string name) {
    const Job job = Job::parse(name);
    JobRun run;
    run.worker = ::gettid();
    const Duration ready_before = ready_time();
    run.processors[0] = current_processor();
    run.begin = clock_time();
    run.answer = job.perform();
    run.end = clock_time();
    run.processors[1] = current_processor();
    run.ready = ready_time() - ready_before;
    return run;
}

Task<JobRun> job_task(std::string name) { co_return run_job(std::move(name)); }

/// Runs `count` tasks, made by `make(name)`, concurrently.
template <class Make>
std::vector<JobRun> run_together(const std::string& name, std::size_t count, Make make) {
    const auto make_one = [&](std::size_t) { return make(name); };
    return plait::run(gather(std::views::iota(std::size_t{0}, count) | std::views::transform(make_one)));
}

std::vector<JobRun> run_in_turn(const std::string& name, std::size_t count, std::size_t) {
    std::vector<JobRun> runs;
    for (std::size_t n = 0; n < count; ++n) runs.push_back(run_job(name));
    return runs;
}

std::vector<JobRun> run_on_a_loop(const std::string& name, std::size_t count, std::size_t) {
    return run_together(name, count, job_task);
}

std::vector<JobRun> run_on_threads(const std::string& name, std::size_t count, std::size_t workers) {
    ThreadPool pool(ThreadPoolOptions{.threads = workers});
    return run_together(name, count, [&pool](std::string job) { return pool.submit(run_job, std::move(job)); });
}

std::vector<JobRun> run_in_processes(const std::string& name, std::size_t count, std::size_t workers) {
    ProcessPoolOptions options;
    options.workers = workers;
    ProcessPool pool(options);
    return run_together(name, count, [&pool](std::string job) { return pool.submit(run_job, std::move(job)); });
}

struct JobMethod {
    std::string_view name;
    std::vector<JobRun> (*run)(const std::string& name, std::size_t count, std::size_t workers);
};

/// How each method of `batch::methods` does jobs.
constexpr std::array<JobMethod, 4> job_methods{{
    {"sync", run_in_turn},
    {"async", run_on_a_loop},
    {"threads", run_on_threads},
    {"processes", run_in_processes},
}};

void note(Measurement& measured, const std::vector<JobRun>& runs) {
    batch::LatencyHistogram lengths;
    std::set<int> processors;
    for (const JobRun& run : runs) {
        processors.insert(run.processors.begin(), run.processors.end());
        lengths.add(run.end - run.begin);
        measured.in_calls += run.end - run.begin;
        measured.ready += run.ready;
    }
    measured.processors = processors.size();
    measured.done = runs.size();
    measured.p50 = lengths.quantile(0.5);
    measured.p99 = lengths.quantile(0.99);
    measured.answer = runs.front().answer;
}

/// Writes the jobs into the trace, and closes it.
void record(trace::TraceFile& trace, std::vector<JobRun> runs, trace::LaneKind lanes, TimePoint start, bool computes) {
    // Up to this many tasks of a loop are shown from their start, each in its own row: all were ready, and one ran at a
    // time.
    constexpr std::size_t rows_of_a_loop = 1'000;
    std::sort(runs.begin(), runs.end(), [](const JobRun& one, const JobRun& other) { return one.end < other.end; });
    const bool in_rows = lanes == trace::LaneKind::loop && runs.size() <= rows_of_a_loop;
    const trace::Activity work = computes ? trace::Activity::running : trace::Activity::other;
    std::uint32_t number = 0;
    for (const JobRun& run : runs) {
        ++number;
        trace::Span span;
        span.states = trace::SpanStates(in_rows ? start : TimePoint(run.begin));
        span.states.extend(trace::Activity::ready, TimePoint(run.begin));
        span.states.extend(work, TimePoint(run.end));
        span.lane = trace.lane(lanes, static_cast<std::uint64_t>(run.worker));
        if (in_rows) span.row = number;
        const std::string name = fmt::format("job-{}", number);
        trace::SpanLabel label;
        label.name = name;
        trace.add(label, std::move(span));
    }
    trace.close(runs.empty() ? start : TimePoint(runs.back().end));
}

}  // namespace

Measurement JobWork::measure(const Way& way, const std::string& trace_path) const {
    const auto method = std::find_if(job_methods.begin(), job_methods.end(),
                                     [&way](const JobMethod& known) { return known.name == way.method; });
    PLAIT_ASSERT(method != job_methods.end(), "each method can do jobs");
    const batch::MethodEntry* const entry = batch::find_method(way.method);
    PLAIT_ASSERT(entry, "jobs are done by methods of plait");
    const Duration cpu_before = resource_usage().cpu;
    const auto trace = internal::begin_trace(trace_path, *entry, way.concurrency);
    const TimePoint start = SteadyClock::instance().now();
    std::vector<JobRun> runs = method->run(job_.name(), count_, way.workers());

    Measurement measured;
    measured.wall = SteadyClock::instance().now() - start;
    note(measured, runs);
    const ResourceUsage usage = resource_usage();
    measured.cpu = usage.cpu - cpu_before;
    measured.peak_bytes = peak_bytes_with(usage, way.workers());
    if (trace) record(*trace, std::move(runs), entry->lanes, start, job_.kind().computes);
    return measured;
}

}  // namespace plait::compare
