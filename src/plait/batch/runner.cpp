#include "plait/batch/runner.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/strand_scope.hpp"
#include "plait/async/task_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace plait::batch {

namespace {

std::size_t most_in_flight(const Method& method, const RunnerOptions& options) {
    return std::min(options.concurrency, method.most_in_flight());
}

std::optional<std::size_t> window(std::size_t in_flight, const RunnerOptions& options) {
    if (!options.ordered) return std::nullopt;
    return in_flight * Runner::ordered_window;
}

}  // namespace

Runner::Runner(Source& source, Method& method, Sink& sink, const RunnerOptions& options)
    : source_(source),
      method_(method),
      options_(options),
      results_(sink, window(most_in_flight(method, options), options)),
      writer_(options.body_format),
      permits_(most_in_flight(method, options)) {}

Task<RunEnd> Runner::run() {
    began_ = now();
    TaskGroup beside;
    if (options_.trace) beside.start(keep_trace_written(), "trace");
    TaskGroup parts;
    parts.start(make_calls(), "calls");
    parts.start(write_results(), "results");
    co_await parts.join();
    beside.cancel();
    co_await beside.join();
    if (options_.trace) close_trace();
    if (source_error_) std::rethrow_exception(source_error_);
    co_return end_;
}

std::vector<CallInFlight> Runner::oldest_in_flight(std::size_t most) const {
    std::vector<CallInFlight> oldest;
    for (auto call = in_flight_.begin(); call != in_flight_.end() && oldest.size() < most; ++call)
        oldest.emplace_back(call->custom_id, now() - call->since);
    return oldest;
}

Duration Runner::elapsed() const noexcept { return now() - began_; }

void Runner::interrupt() {
    if (interrupted_.is_set()) {
        give_up();
    } else {
        if (end_ == RunEnd::finished) end_ = RunEnd::interrupted;
        starting_.cancel();
        interrupted_.set();
    }
}

Task<void> Runner::make_calls() {
    TaskGroup grace;
    grace.start(end_grace(), "grace");
    TaskGroup calls;
    try {
        co_await starting_.run(start_calls(calls));
    } catch (const Error&) {
        source_error_ = std::current_exception();  // thrown when the calls in flight have their results
    }
    co_await calls.join();
    results_.close();
    grace.cancel();
    co_await grace.join();
}

Task<void> Runner::start_calls(TaskGroup& calls) {
    for (;;) {
        Semaphore::Permit permit = co_await permits_.acquire();
        ResultQueue::Place place = co_await results_.reserve();
        std::optional<SourceItem> item = co_await source_.next();
        if (!item) co_return;
        if (auto* call = std::get_if<Call>(&*item)) {
            start_call(calls, std::move(*call), std::move(permit), std::move(place));
        } else {
            const BadLine& line = std::get<BadLine>(*item);
            ids_.claim(line.custom_id, line.line);  // it has a result under this id, as any other
            refuse(line, std::move(place));
        }
    }
}

void Runner::start_call(TaskGroup& calls, Call call, Semaphore::Permit permit, ResultQueue::Place place) {
    if (const auto before = ids_.claim(call.custom_id, call.line)) {
        std::string message =
            fmt::format("line {}: custom_id \"{}\" is that of line {} already", call.line, call.custom_id, *before);
        refuse(BadLine(std::move(call.custom_id), call.line, std::move(message), std::move(call.metadata)),
               std::move(place));
        return;
    }
    tally_.call_started();
    calls.start(make_call(std::move(call), std::move(permit), std::move(place)), "call");
}

Task<void> Runner::make_call(Call call, Semaphore::Permit, ResultQueue::Place place) {
    const bool safe_to_repeat = is_safe_to_repeat(call.request.method());
    const std::size_t sent_bytes = call.request.body.size();
    const TimePoint start = now();

    const TaskName name(call.custom_id);
    StrandScope strand(options_.trace ? &options_.trace->recorder() : nullptr);
    const auto entry = in_flight_.emplace(in_flight_.end(), call.custom_id, start);
    if (gave_up_) entry->scope.cancel();  // between its start and now
    std::optional<Attempt> attempt = co_await entry->scope.run(method_.attempt(std::move(call.request)));
    in_flight_.erase(entry);
    if (!attempt) attempt.emplace(given_up());

    const AttemptTime time{start - began_, now() - start};
    const Outcome outcome = judge(*attempt, safe_to_repeat);
    if (options_.trace) trace_call(call, *attempt, outcome, strand.end());
    tally_.call_ended(*attempt, outcome, time.total, sent_bytes);
    results_.put(std::move(place),
                 [&](std::string& out) { writer_.append(out, call, *attempt, safe_to_repeat, time); });
    // A method may block this loop during an attempt: what is done by then is written before.
    if (in_flight_.empty()) results_.flush();
}

void Runner::refuse(const BadLine& line, ResultQueue::Place place) {
    tally_.line_refused();
    results_.put(std::move(place), [&](std::string& out) { writer_.append(out, line); });
}

Task<void> Runner::write_results() {
    const bool read = co_await results_.write_all();
    if (read) co_return;
    end_ = RunEnd::unread;
    starting_.cancel();
    give_up();
}

// What a trace was given is in its file soon, also when nothing happens any more.
Task<void> Runner::keep_trace_written() {
    for (;;) {
        co_await sleep_for(trace::TraceFile::longest_wait);
        options_.trace->keep_written(now());
    }
}

void Runner::trace_call(const Call& call, const Attempt& attempt, Outcome outcome, trace::Strand strand) {
    trace::StrandLabel label;
    label.name = call.custom_id;
    label.line = call.line;
    label.ok = outcome == Outcome::ok;
    std::string status;
    if (const auto* response = std::get_if<http::Response>(&attempt)) {
        status = fmt::to_string(response->status);
        label.result = status;
    } else {
        label.result = to_string(std::get<Failure>(attempt).code);
    }
    options_.trace->add(label, std::move(strand));
}

void Runner::close_trace() {
    std::vector<std::pair<std::string_view, std::uint64_t>> outcomes;
    for (std::size_t n = 0; n < outcome_count; ++n) {
        const auto outcome = static_cast<Outcome>(n);
        if (tally_.count(outcome) > 0) outcomes.emplace_back(to_string(outcome), tally_.count(outcome));
    }
    options_.trace->close(now(), outcomes);
}

Task<void> Runner::end_grace() {
    co_await interrupted_.wait();
    co_await sleep_for(options_.grace);
    give_up();
}

void Runner::give_up() noexcept {
    gave_up_ = true;
    for (InFlight& call : in_flight_) call.scope.cancel();
}

}  // namespace plait::batch
