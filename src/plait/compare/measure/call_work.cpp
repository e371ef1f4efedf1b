#include "plait/compare/measure/call_work.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/assert.hpp"
#include "plait/base/scoped_count.hpp"
#include "plait/batch/call/sink.hpp"
#include "plait/batch/call/source.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/batch/run/runner.hpp"
#include "plait/compare/measure/internal/measurement_trace.hpp"
#include "plait/compare/measure/resource_usage.hpp"
#include "plait/http/message/request.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace plait::compare {

namespace {

using internal::begin_trace;

class CallSource final : public batch::Source {
  public:
    explicit CallSource(const std::vector<batch::Call>& calls) : calls_(calls) {}

    Task<std::optional<batch::SourceItem>> next() override {
        if (given_ == calls_.size()) co_return std::nullopt;
        co_return calls_[given_++];
    }
    std::optional<std::uint64_t> total() override { return calls_.size(); }

  private:
    const std::vector<batch::Call>& calls_;
    std::size_t given_ = 0;
};

class NoSink final : public batch::Sink {
  public:
    Task<bool> write(std::string_view) override { co_return true; }
};

/// Forwards attempts, and records what a tally does not.
class WatchedMethod final : public batch::Method {
  public:
    explicit WatchedMethod(std::unique_ptr<batch::Method> method) : method_(std::move(method)) {}

    Task<batch::Attempt> attempt(const http::Request& request) override {
        const TimePoint start = now();
        const ScopedCount counted(in_flight_);
        most_seen = std::max(most_seen, in_flight_);
        note_processor();
        batch::Attempt attempt = co_await method_->attempt(request);
        in_calls += now() - start;
        note_processor();
        if (const auto* failure = attempt.failure(); failure && trouble.empty()) {
            trouble = failure->message;
        }
        co_return attempt;
    }
    std::size_t most_in_flight() const noexcept override { return method_->most_in_flight(); }
    bool blocks_loop() const noexcept override { return method_->blocks_loop(); }

    Duration in_calls{};
    std::string trouble;
    std::size_t most_seen = 0;
    std::set<int> processors;  ///< of the loop

  private:
    void note_processor() {
        const int processor = current_processor();
        if (processor == last_processor_) return;
        last_processor_ = processor;
        processors.insert(processor);
    }

    std::size_t in_flight_ = 0;
    int last_processor_ = -1;
    std::unique_ptr<batch::Method> method_;
};

std::uint64_t refused(const batch::Tally& tally) {
    std::uint64_t count = 0;
    for (const auto& [status, times] : tally.status_codes()) {
        if (status == 429 || status == 503) count += times;
    }
    return count;
}

void note(Measurement& measured, const batch::Tally& tally) {
    measured.done = tally.done();
    for (std::size_t n = 0; n < batch::outcome_count; ++n) {
        measured.outcomes[n] = tally.count(static_cast<batch::Outcome>(n));
    }
    measured.refused = refused(tally);
    if (tally.latencies().count() > 0) {
        measured.p50 = tally.latencies().quantile(0.5);
        measured.p99 = tally.latencies().quantile(0.99);
    }
}

}  // namespace

Measurement CallWork::measure(const Way& way, const std::string& trace_path) const {
    const batch::MethodEntry* const entry = batch::find_method(way.method);
    PLAIT_ASSERT(entry, "calls are made by methods of plait");
    const Duration cpu_before = resource_usage().cpu;

    Measurement measured;
    {
        batch::MethodOptions options;
        options.session = session_;
        options.concurrency = way.concurrency;
        batch::RunnerOptions runner_options;
        runner_options.calls.concurrency = way.concurrency;
        runner_options.calls.adaptive_concurrency = way.adaptive;
        runner_options.calls.once = true;
        runner_options.calls.redirects = redirects_;
        EventLoopOptions loop_options;
        const auto trace = begin_trace(trace_path, *entry, way.concurrency);
        options.trace = trace.get();
        if (trace) loop_options.recorder = &trace->recorder();
        WatchedMethod method(entry->make(std::move(options)));
        CallSource source(calls_);
        NoSink sink;
        batch::RunnerParts parts;
        parts.sink = &sink;
        parts.trace = trace.get();
        batch::Runner runner(source, method, runner_options, std::move(parts));
        const TimePoint start = SteadyClock::instance().now();
        EventLoop(loop_options).run(runner.run());
        measured.wall = SteadyClock::instance().now() - start;
        measured.in_calls = method.in_calls;
        measured.trouble = method.trouble;
        measured.most_in_flight = method.most_seen;
        if (entry->scheduling == batch::Scheduling::operating_system) method.processors.merge(processors_of_workers());
        measured.processors = method.processors.size();
        note(measured, runner.tally());
    }
    // The workers have ended by now, so their usage is included.
    const ResourceUsage usage = resource_usage();
    measured.cpu = usage.cpu - cpu_before;
    measured.peak_bytes = peak_bytes_with(usage, way.workers());
    return measured;
}

}  // namespace plait::compare
