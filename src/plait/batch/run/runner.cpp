#include "plait/batch/run/runner.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/batch/call/page_trouble.hpp"
#include "plait/batch/run/run_trace.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

namespace plait::batch {

namespace {

std::size_t most_in_flight(const Method& method, const RunnerOptions& options) {
    return std::min(options.calls.concurrency, method.most_in_flight());
}

std::optional<std::size_t> window(std::size_t in_flight, const RunnerOptions& options) {
    if (!options.ordered) return std::nullopt;
    return in_flight * Runner::ordered_window;
}

CallEnd end_of_earlier_run() {
    return CallEnd(
        Outcome::unknown,
        CallError(ErrorCode::cancelled,
                  "sent by an earlier run, which ended before it learned the outcome; not sent again", false, true));
}

std::string reason_of_parked(const policy::WaitReason& parked, const WallClock& calendar, TimePoint time) {
    std::string reason = parked.limit;
    if (!parked.learnt_from.empty()) reason += fmt::format(" ({})", parked.learnt_from);
    if (parked.until > time) {
        const auto when = std::chrono::time_point_cast<std::chrono::seconds>(calendar.now() + (parked.until - time));
        reason += fmt::format("; resume after {:%Y-%m-%d %H:%M:%S} UTC",
                              fmt::gmtime(std::chrono::system_clock::to_time_t(when)));
    }
    return reason;
}

/// What is lost with a results file that can't be written, and what to do.
std::string with_advice(std::string_view failure, std::size_t in_flight) {
    const bool is_full = failure.ends_with(system_message(ENOSPC)) || failure.ends_with(system_message(EDQUOT));
    return fmt::format("{}; {} call{} in flight; {}repeat the command to resume", failure, in_flight,
                       in_flight == 1 ? " was" : "s were", is_full ? "make room, then " : "");
}

}  // namespace

Runner::Runner(Source& source, Method& method, const RunnerOptions& options, RunnerParts parts)
    : source_(source),
      method_(method),
      options_(options),
      parts_(std::move(parts)),
      random_(options.seed),
      caller_(options.calls, caller_parts(method)),
      blocks_loop_(method.blocks_loop()),
      results_(parts_.sink, parts_.values, window(most_in_flight(method, options), options), method.follow_results()),
      writer_(options.result_format, parts_.secrets),
      ahead_(
          options.read_ahead, [this] { return caller_.room(); }, [this] { return caller_.in_flight(); }),
      tally_(parts_.done),
      bodies_(blocks_loop_, options.durable_bodies) {
    caller_.rules().spent_before(parts_.spent_before);
    caller_.idle_rules().spent_before(parts_.spent_before);
}

CallerParts Runner::caller_parts(Method& method) {
    CallerParts parts(method, random_, parts_);
    if (parts_.trace) parts.recorder = &parts_.trace->recorder();
    parts.on_first_send = [this] { ahead_.call_sent(); };
    return parts;
}

Task<RunEnd> Runner::run() {
    began_ = now();
    TaskGroup beside;
    if (parts_.trace) beside.start(keep_trace_written(*parts_.trace), "trace");
    TaskGroup parts;
    parts.start(make_calls(), "calls");
    parts.start(write_results(), "results");
    co_await parts.join();
    beside.cancel();
    co_await beside.join();
    ended_ = now();
    if (parts_.trace) close_trace(*parts_.trace, tally_, groups({now(), parts_.calendar->now()}));
    if (source_error_) std::rethrow_exception(source_error_);
    if (end_ == RunEnd::finished && stop_reason()) end_ = RunEnd::stopped;
    co_return end_;
}

std::optional<std::string> Runner::stop_reason() const {
    if (caller_.stop_reason()) return caller_.stop_reason();
    if (caller_.parked()) return reason_of_parked(*caller_.parked(), *parts_.calendar, ended_ ? *ended_ : now());
    return std::nullopt;
}

RunRemarks Runner::remarks() const {
    RunRemarks remarks;
    remarks.warnings = caller_.idle_rules().sentences(ended_.has_value());
    remarks.first_bad_line = first_bad_line_;
    return remarks;
}

Duration Runner::elapsed() const noexcept {
    if (!began_) return Duration::zero();
    return (ended_ ? *ended_ : now()) - *began_;
}

void Runner::interrupt() {
    if (interrupted_.is_set()) {
        caller_.give_up();
    } else {
        if (end_ == RunEnd::finished) end_ = RunEnd::interrupted;
        stop_starting();
        interrupted_.set();
    }
}

Task<void> Runner::make_calls() {
    TaskGroup grace;
    grace.start(end_grace(), "grace");
    grace.start(ahead_.probe(), "read ahead");
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
        ReadAhead::Permit ahead = co_await ahead_.acquire();
        OutputSlot slot = co_await results_.reserve();
        std::optional<SourceItem> item = co_await source_.next();
        if (!item) co_return;
        has_read_any_ = true;
        if (auto* call = std::get_if<Call>(&*item)) {
            start_call(calls, std::move(*call), std::move(ahead), std::move(slot));
        } else {
            auto& line = std::get<BadLine>(*item);
            parts_.ids.claim(line.custom_id, line.line);  // it has a result under this id, as any other
            refuse(std::move(line), std::move(slot));
        }
    }
}

void Runner::start_call(TaskGroup& calls, Call&& call, ReadAhead::Permit ahead, OutputSlot slot) {
    if (const std::string why = claim_result(call); !why.empty()) {
        std::string message = fmt::format("line {}: {}", call.line, why);
        refuse(BadLine(std::move(call.custom_id), call.line, std::move(message), std::string(call.metadata)),
               std::move(slot));
        return;
    }
    const bool was_sent = parts_.sent_before && parts_.sent_before->contains(call.line) && !call.rules.safe_to_repeat;
    if (was_sent && !caller_.can_take_up(call) && !method_.takes_over(call.custom_id)) {
        CallEnd end = end_of_earlier_run();
        end_call(call, end, std::move(slot));
        return;
    }
    if (call.rules.priority != 0) ahead_.keep_a_choice();
    Boxed<KeyOrder::Turn> turn;
    if (!call.rules.order_key.empty()) turn.emplace(order_.take_turn(std::string(call.rules.order_key)));
    calls.start(make_call(std::move(call), std::move(ahead), std::move(slot), std::move(turn)), "call");
}

Task<void> Runner::make_call(Call call, [[maybe_unused]] ReadAhead::Permit ahead, OutputSlot slot,
                             Boxed<KeyOrder::Turn> turn) {
    if (turn) {
        const bool is_its_turn = co_await turn->wait();
        if (!is_its_turn) {
            turn->break_off();
            results_.leave_out(std::move(slot));
            co_return;
        }
    }
    MadeCall made = co_await caller_.make(call);
    auto* const end = made.get();
    bool has_result = end != nullptr;
    if (end && SavedBodies::are_in(*end) && !co_await bodies_.keep(call.custom_id, *end)) {
        caller_.rules().stop(end->error->message);
        // Without a result, a later run makes the call again.
        has_result = !call.rules.safe_to_repeat || !options_.calls.is_resumable;
    }
    if (has_result) {
        end_call(call, *end, std::move(slot));
    } else {
        // A call that was made, and whose body could not be kept, needs no break: the run stops before the next call of
        // its key has its turn.
        if (turn && !end) turn->break_off();
        results_.leave_out(std::move(slot));
    }
    if (caller_.stop_reason()) stop_starting();
    // What is done is written before an attempt keeps this loop from writing.
    if (blocks_loop_) results_.flush();
}

/// Claims the id of the call among the results. Returns why it can't have a result; empty: it can.
std::string Runner::claim_result(const Call& call) {
    const auto before = parts_.ids.claim(call.custom_id, call.line);
    if (!before) return why_refused(call);
    return fmt::format("custom_id \"{}\" is already used by {}", call.custom_id,
                       *before == IdRegister::earlier_line ? "an earlier line" : fmt::format("line {}", *before));
}

/// Why the pages of a call can't be fetched, or would have no place in its result; empty: they can and have, or it has
/// none.
std::string Runner::why_refused(const Call& call) const {
    const ResultFormat& format = options_.result_format;
    const FollowRule* const usual = options_.calls.follow.get();
    const FollowRule* const follow = call.rules.follow ? call.rules.follow.get() : usual;
    const bool is_for_one = format.batch == BatchFormat::anthropic || format.batch == BatchFormat::gemini;
    if (follow && follow->pages() && is_for_one) return "the result format has no place for pages (--result-format)";
    return page_trouble(call, usual, format.each_page);
}

void Runner::end_call(Call& call, CallEnd& end, OutputSlot slot) {
    if (end.span) trace_call(*parts_.trace, call, end);
    Duration latency{};
    if (!end.attempts.empty())
        latency = end.attempts.back().start + end.attempts.back().total - end.attempts.front().start;
    tally_.call_ended(end, latency);
    if (end.outcome != Outcome::ok) error_kinds_.add(call, end, parts_.secrets, now());
    if (end.outcome == Outcome::unknown && first_unknown_.size() < most_unknown)
        first_unknown_.push_back(call.custom_id);
    results_.put(
        std::move(slot), call.line, [&](std::string& out) { writer_.append(out, call, end, *began_); },
        [&] { return CallResult(std::move(call), std::move(end)); });
}

void Runner::refuse(BadLine line, OutputSlot slot) {
    tally_.line_refused();
    error_kinds_.add(line, now());
    if (first_bad_line_.empty()) first_bad_line_ = line.message;
    results_.put(
        std::move(slot), line.line, [&](std::string& out) { writer_.append(out, line); },
        [&] { return CallResult(std::move(line)); });
}

Task<void> Runner::write_results() {
    bool is_read = false;
    try {
        is_read = co_await results_.write_all();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::storage || !options_.calls.is_resumable) throw;
        throw Error(error.code(), with_advice(error.what(), caller_.in_flight()));
    }
    if (is_read) co_return;
    end_ = RunEnd::unread;
    stop_starting();
    caller_.give_up();
}

/// From here on, no unsent call is sent.
void Runner::stop_starting() noexcept {
    starting_.cancel();
    caller_.stop();
}

Task<void> Runner::end_grace() {
    co_await interrupted_.wait();
    co_await sleep_for(options_.grace);
    caller_.give_up();
}

}  // namespace plait::batch
