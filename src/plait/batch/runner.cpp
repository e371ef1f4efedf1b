#include "plait/batch/runner.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"

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
    TaskGroup parts;
    parts.start(make_calls(), "calls");
    parts.start(write_results(), "results");
    co_await parts.join();
    if (source_error_) std::rethrow_exception(source_error_);
    co_return end_;
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

    const auto scope = in_flight_.emplace(in_flight_.end());
    if (gave_up_) scope->cancel();  // between its start and now
    std::optional<Attempt> attempt = co_await scope->run(method_.attempt(std::move(call.request)));
    in_flight_.erase(scope);
    if (!attempt) attempt.emplace(given_up());

    const AttemptTime time{start - began_, now() - start};
    tally_.call_ended(*attempt, judge(*attempt, safe_to_repeat), time.total, sent_bytes);
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

Task<void> Runner::end_grace() {
    co_await interrupted_.wait();
    co_await sleep_for(options_.grace);
    give_up();
}

void Runner::give_up() noexcept {
    gave_up_ = true;
    for (CancelScope& scope : in_flight_) scope.cancel();
}

}  // namespace plait::batch
