#include "plait/batch/run/caller.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/span_scope.hpp"
#include "plait/async/task_name.hpp"
#include "plait/base/words.hpp"
#include "plait/batch/run/attempt_verdict.hpp"
#include "plait/batch/run/send_permit.hpp"
#include "plait/http/limit_headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace plait::batch {

namespace {

constexpr int unauthorized = 401;

/// Calls to a group of which nothing is known before its first answer, where it finds its concurrency.
constexpr std::uint64_t first_look = 32;

/// How long what was learnt of a group that nobody uses is worth keeping.
constexpr Duration group_patience = std::chrono::minutes(10);

Duration longest_memory(const CallerOptions& options) {
    Duration longest = group_patience;
    for (const policy::RateLimit& limit : options.limits) longest = std::max(longest, limit.window);
    return longest;
}

std::string_view group_name(const Call& call) {
    return call.rules.group.empty() ? call.request.url.origin() : std::string_view(call.rules.group);
}

std::size_t most_in_flight(const CallerOptions& options, const Method& method) {
    return std::min(options.concurrency, method.most_in_flight());
}

/// A call that says nothing of its costs is one request.
policy::Costs no_costs() { return policy::Costs(policy::requests_unit, 0); }

policy::RetryOptions retry_options(const CallerOptions& options, const CallRules& rules) {
    policy::RetryOptions retry = options.retry;
    if (rules.max_attempts) retry.max_attempts = retry.most_attempts = *rules.max_attempts;
    return retry;
}

/// Begins the note of an attempt that leaves now, and tells that of the one before how long the wait really was.
void begin_note(std::vector<AttemptNote>& notes) {
    const TimePoint start = now();
    if (!notes.empty()) notes.back().wait_after = start - notes.back().start - notes.back().total;
    notes.emplace_back().start = start;
}

/// Completes the note of the attempt that has ended.
void note_end(AttemptNote& note, const Attempt& attempt) {
    note.total = now() - note.start;
    if (const auto* response = std::get_if<http::Response>(&attempt)) {
        note.status = response->status;
        note.timings = response->timings;
        note.reused = response->reused;
    } else {
        note.error = std::get<Failure>(attempt).code;
    }
}

policy::WaitReason why_backing_off(const policy::RetryDecision& decision, const AskedWait& asked) {
    const bool is_asked = decision.why == policy::RetryDecision::Why::asked;
    policy::WaitReason reason;
    reason.limit = is_asked ? "asked to wait" : "backs off after failures";
    if (is_asked) reason.learnt_from = asked.source;
    reason.until = now() + decision.wait;
    return reason;
}

/// What was asked for instead of an answer.
std::string asked_in_words(const AskedWait& asked) {
    if (!asked.wait) return "and it was asked to come later";
    return fmt::format("and it was asked to wait {} ({})", in_words(*asked.wait), asked.source);
}

/// Why nothing of a group is on its way although calls of it have begun.
policy::WaitReason why_standing_still(Group& group) {
    if (group.retries.waiting() == 0) return group.why_backing_off;
    policy::WaitReason reason;
    reason.limit = "retries wait for good answers";
    reason.until = group.retries.earliest(now());
    return reason;
}

/// Keeps an element in a list as long as it lives.
template <class Element>
class Listed {
  public:
    Listed(std::list<Element*>& list, Element& element) : list_(list), at_(list.insert(list.end(), &element)) {}
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() { list_.erase(at_); }

  private:
    std::list<Element*>& list_;
    typename std::list<Element*>::iterator at_;
};

/// Counts up as long as it lives.
class Counted {
  public:
    explicit Counted(std::size_t& count) noexcept : count_(count) { ++count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count_; }

  private:
    std::size_t& count_;
};

}  // namespace

/// A call while it is made.
struct Caller::ActiveCall {
    ActiveCall(Call& call_, KeyedCache<Group>::Ref group_, KeyedCache<Origin>::Ref origin_, bool once)
        : call(call_),
          group(std::move(group_)),
          origin(std::move(origin_)),
          permit(*group, once ? nullptr : &origin->circuit) {}

    Call& call;
    KeyedCache<Group>::Ref group;
    KeyedCache<Origin>::Ref origin;
    std::optional<Counted> in_flight;  // from when it may first be sent
    SendPermit permit;                 // of the attempt that comes next, or is on its way
    CancelScope* whole = nullptr;      // of all its attempts
    bool is_sent = false;              // an attempt is on its way
    bool is_cut = false;               // it was stopped, or its group is parked
    bool is_parked = false;
    std::uint64_t auth_version = 0;  // of the credentials that the last attempt was made with
    TimePoint left_at{};
    std::optional<Attempt> last;
    Refusal refusal;  // by its answer
    std::optional<AttemptVerdict> verdict;
    policy::RetryDecision::Why why_ended = policy::RetryDecision::Why::final;
    std::optional<RunRules::Reservation> reservation;  // of the attempt that comes next, or is on its way
    std::vector<AttemptNote> notes;
};

/// What came of one of the copies of an attempt.
struct Caller::Sent {
    Sent(Attempt attempt_, bool is_second_) noexcept : attempt(std::move(attempt_)), is_second(is_second_) {}

    Attempt attempt;
    bool is_second;
};

Caller::Caller(const CallerOptions& options, CallerParts parts)
    : options_(options),
      parts_(std::move(parts)),
      slots_in_all_(most_in_flight(options, parts_.method)),
      slots_(slots_in_all_),
      rules_(options.rules),
      groups_([this](std::string_view name) { return std::make_unique<Group>(name, group_options(name), slots_); },
              longest_memory(options)),
      origins_([this](std::string_view name) { return std::make_unique<Origin>(name, options_.retry.max_wait); },
               group_patience) {}

GroupOptions Caller::group_options(std::string_view name) const {
    GroupOptions group;
    group.pace.limits = options_.limits;
    if (parts_.limit_logs) group.pace.log = parts_.limit_logs->of_group(name);
    group.pace.server.max_wait = options_.retry.max_wait;
    if (options_.adaptive_concurrency && !options_.once) group.pace.server.opening.first_look = first_look;
    // A call alone can use up its attempts.
    group.retries.least = std::max(group.retries.least, options_.retry.max_attempts - 1);
    if (options_.hedge) group.hedge = *options_.hedge;
    if (options_.adaptive_concurrency) {
        group.in_flight.emplace();
        group.in_flight->most = static_cast<double>(slots_in_all_);
        group.in_flight->first = std::min(group.in_flight->first, group.in_flight->most);
    }
    return group;
}

Task<MadeCall> Caller::make(Call& call) {
    if (!rules_.any()) return make_admitted(call, std::nullopt);
    return make_within_rules(call);
}

Task<MadeCall> Caller::make_within_rules(Call& call) {
    using Verdict = RunRules::Admission::Verdict;
    std::optional<RunRules::Admission> admission = co_await unless_stopped(rules_.admit(call.rules.costs));
    if (!admission || admission->verdict == Verdict::stop) co_return not_made(call);
    if (admission->verdict == Verdict::never) {
        co_return CallEnd(Outcome::skipped,
                          CallError(ErrorCode::budget, "not sent: it costs more than the whole budget of the run"));
    }
    MadeCall made = co_await make_admitted(call, std::move(admission->reservation));
    if (const auto* end = std::get_if<CallEnd>(&made)) {
        rules_.ended(*end);
    } else {
        rules_.dropped();
    }
    co_return made;
}

Task<MadeCall> Caller::make_admitted(Call& call, std::optional<RunRules::Reservation> reservation) {
    ActiveCall active(call, groups_.use(group_name(call), now()), origins_.use(call.request.url.origin(), now()),
                      options_.once);
    active.reservation = std::move(reservation);
    const TaskName name(call.custom_id);
    bool leaves = false;
    std::optional<CallError> never;
    try {
        leaves = take_turn(active);
        if (!leaves) {
            leaves = (co_await unless_stopped(depart(active, false))).value_or(false);
        } else if (!try_record(call)) {
            leaves = co_await note(active);
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::bad_input) throw;
        never.emplace(error.code(), fmt::format("not sent: {}", error.what()));
    }
    if (never) co_return CallEnd(Outcome::skipped, std::move(*never));
    if (!leaves) co_return not_made(call, active.is_parked);

    const Listed listed(made_, active);
    SpanScope span(parts_.recorder);
    active.left_at = now();
    CancelScope whole(active.left_at + call.rules.deadline.value_or(options_.deadline));
    active.whole = &whole;
    const bool in_time = co_await whole.run(attempts(active));
    active.whole = nullptr;
    MadeCall made = end_of(active, in_time);
    if (auto* end = std::get_if<CallEnd>(&made); end && span.is_followed()) end->span = span.end();
    co_return made;
}

/// Takes what the call needs to leave; false when something of it has to be waited for.
bool Caller::take_turn(ActiveCall& active) {
    if (stopped_ || !active.permit.try_take(active.call.rules.costs)) return false;
    begin(active);
    return true;
}

/// Takes what the call needs to leave as it becomes free. False when the run was stopped or the group is parked.
Task<bool> Caller::wait_for_turn(ActiveCall& active, bool again) {
    const CallRules& rules = active.call.rules;
    // A repeat goes before what has not begun, or its deadline would pass in the line.
    const int priority = 2 * rules.priority + (again ? 1 : 0);
    const Counted counted(active.group->waiting);
    const ActivityScope activity_scope(trace::Activity::permit);
    const SendPermit::Turn turn = co_await active.permit.take(rules.costs, priority);
    if (turn == SendPermit::Turn::unreachable) park(active, unreachable(active));
    if (turn == SendPermit::Turn::parked) park(active, active.group->pace.parked().value_or(policy::WaitReason()));
    // The call that stopped the run may have let this one go.
    if (turn != SendPermit::Turn::taken || stopped_) co_return false;
    begin(active);
    co_return true;
}

/// The call may now be sent. A call waiting for its log entry already counts as in flight.
void Caller::begin(ActiveCall& active) {
    active.permit.begin();
    if (active.in_flight) return;
    active.in_flight.emplace(in_flight_);
    if (parts_.on_first_send) parts_.on_first_send();
}

/// Whether the send log has to know of the call before it leaves.
bool Caller::is_noted(const Call& call) const noexcept { return parts_.sends && !call.rules.safe_to_repeat; }

/// Notes that the call leaves, where that has to be; false when it has to be waited for.
bool Caller::try_record(const Call& call) { return !is_noted(call) || parts_.sends->try_record(call.line); }

/// Has the permit noted. False when the run was stopped meanwhile.
Task<bool> Caller::note(ActiveCall& active) {
    const ActivityScope activity_scope(trace::Activity::permit);
    co_await parts_.sends->record(active.call.line);
    if (stopped_) parts_.sends->retract(active.call.line);
    co_return !stopped_;
}

Task<bool> Caller::depart(ActiveCall& active, bool again) {
    if (again && rules_.any()) {
        active.reservation = co_await rules_.admit_again(active.call.rules.costs);
        if (!active.reservation) co_return false;
    }
    const bool has_turn = co_await wait_for_turn(active, again);
    if (!has_turn || try_record(active.call)) co_return has_turn;
    co_return co_await note(active);
}

Task<bool> Caller::wait_and_depart(ActiveCall& active, policy::Retry& retry, policy::RetryDecision decision) {
    const TimePoint since = now();
    {
        active.group->why_backing_off = why_backing_off(decision, active.refusal.asked);
        const Counted counted(active.group->backing_off);
        // Attempts to reach a server are no load for it, and have the pace of its circuit.
        if (active.verdict->reach == Reach::not_reached) decision.counts = false;
        const bool is_due = co_await retry.wait(decision);
        if (!is_due) active.why_ended = policy::RetryDecision::Why::budget_used_up;
    }
    const Duration for_share = now() - since - decision.wait;
    if (active.why_ended == policy::RetryDecision::Why::budget_used_up) {
        active.notes.back().wait_after = now() - since;
        active.notes.back().why = to_string(active.why_ended);
        co_return false;
    }
    const bool has_turn = co_await depart(active, true);
    const Duration for_turn = now() - since - decision.wait - for_share;
    // The longest of the three is what it waited for.
    if (for_share > std::max(decision.wait, for_turn)) {
        active.notes.back().why = "retry-share";
    } else if (for_turn > decision.wait) {
        active.notes.back().why = "turn";
    }
    co_return has_turn;
}

/// Nothing when the run was stopped before `wait` had ended.
template <class Value>
Task<std::optional<Value>> Caller::unless_stopped(Task<Value> wait) {
    if (stopped_) co_return std::nullopt;
    CancelScope scope;
    const Listed listed(waits_, scope);
    co_return co_await scope.run(std::move(wait));
}

Task<void> Caller::attempts(ActiveCall& active) {
    policy::Retry retry(retry_options(options_, active.call.rules), parts_.random, &active.group->retries);
    policy::AttemptHistory history;
    history.deadline = active.left_at + active.call.rules.deadline.value_or(options_.deadline);
    for (;;) {
        {
            const Counted counted(active.group->on_their_way);
            begin_note(active.notes);
            active.is_sent = true;
            if (is_hedged(active.call)) {
                co_await send_hedged(active);
            } else {
                active.last = co_await send_once(active);
            }
            note_end(active.notes.back(), *active.last);
            if (met_stale_connection(active)) co_await send_over_new_connection(active);
            active.is_sent = false;
        }
        learn(active);
        active.permit.give_back();
        if (options_.once) co_return;
        AttemptNote& note = active.notes.back();
        if (parts_.auth && note.status == unauthorized) {
            const auto renewed = co_await unless_stopped(renew_credentials(active));
            active.is_cut = !renewed;
            if (!renewed || !*renewed) co_return;
            note.why = "auth-command";
            const bool goes_on = co_await go_again(active, depart(active, true));
            if (!goes_on) co_return;
            continue;
        }

        const policy::RetryDecision decision = retry.after(history, active.verdict->end);
        active.why_ended = decision.why;
        if (!decision.again()) co_return;
        note.wait_after = decision.wait;
        const AskedWait& asked = active.refusal.asked;
        const bool is_asked = decision.why == policy::RetryDecision::Why::asked && !asked.source.empty();
        note.why = is_asked ? asked.source : std::string(to_string(decision.why));
        const bool goes_on = co_await go_again(active, wait_and_depart(active, retry, decision));
        if (!goes_on) co_return;
    }
}

/// Takes the turn of the next attempt when it comes. False when the run was stopped before, or the group is parked.
Task<bool> Caller::go_again(ActiveCall& active, Task<bool> turn) {
    const auto has_turn = co_await unless_stopped(std::move(turn));
    const bool goes_on = has_turn.value_or(false);
    active.is_cut = !goes_on && active.why_ended != policy::RetryDecision::Why::budget_used_up;
    if (goes_on) ++counts_.retries;
    co_return goes_on;
}

/// False when there are none; the call's error then says why.
Task<bool> Caller::renew_credentials(ActiveCall& active) {
    try {
        co_await parts_.auth->renew(active.auth_version);
        co_return true;
    } catch (const Error& error) {
        active.verdict->error.emplace(ErrorCode::expect, error.what());
        co_return false;
    }
}

bool Caller::is_hedged(const Call& call) const noexcept {
    return options_.hedge && !options_.once && call.rules.safe_to_repeat && slots_in_all_ > 1;
}

Task<Attempt> Caller::send_once(ActiveCall& active) {
    if (parts_.auth) return send_with_credentials(active);
    return parts_.method.attempt(active.call.request);
}

bool Caller::met_stale_connection(const ActiveCall& active) const noexcept {
    const auto* failure = std::get_if<Failure>(&*active.last);
    if (!failure || !failure->was_stale || options_.once) return false;
    return active.call.rules.safe_to_repeat || !failure->maybe_sent;
}

/// Sends the request again, at once and as the same attempt: that its server closes connections tells nothing of how it
/// takes calls.
Task<void> Caller::send_over_new_connection(ActiveCall& active) {
    active.notes.back().why = "stale-connection";
    begin_note(active.notes);
    ++counts_.retries;
    active.call.request.over_new_connection = true;
    active.last = co_await send_once(active);
    active.call.request.over_new_connection = false;
    note_end(active.notes.back(), *active.last);
}

Task<Attempt> Caller::send_with_credentials(ActiveCall& active) {
    http::Request request = active.call.request;
    parts_.auth->apply(request);
    active.auth_version = parts_.auth->version();
    co_return co_await parts_.method.attempt(request);
}

Task<void> Caller::send_hedged(ActiveCall& active) {
    int copies = 0;
    auto make = [this, &active, &copies] { return send_copy(active, ++copies); };
    const auto is_answer = [](const Sent& sent) { return std::holds_alternative<http::Response>(sent.attempt); };
    Sent first_answer = co_await active.group->hedge.run(make, is_answer);
    if (copies > 1) ++counts_.copies;
    if (first_answer.is_second) ++counts_.copies_won;
    AttemptNote& note = active.notes.back();
    note.copies = copies;
    note.second_won = first_answer.is_second;
    active.last = std::move(first_answer.attempt);
}

Task<Caller::Sent> Caller::send_copy(ActiveCall& active, int number) {
    std::optional<policy::Pace::Permit> pass;
    if (number > 1) {
        const CallRules& rules = active.call.rules;
        std::optional<RunRules::Reservation> reservation = rules_.try_reserve(rules.costs);
        if (reservation) pass = co_await active.group->pace.enter(rules.costs, 2 * rules.priority + 1);
        if (!pass) {
            Event first_ends;  // which cancels this wait
            co_await first_ends.wait();
        }
        reservation->settle(rules.costs);  // what the other copy costs nobody will say
    }
    Attempt attempt = co_await send_once(active);
    co_return Sent(std::move(attempt), number > 1);
}

/// What the attempt tells of its server, and what follows for its call.
void Caller::learn(ActiveCall& active) {
    SendPermit& permit = active.permit;
    const auto* response = std::get_if<http::Response>(&*active.last);
    const CallRules& rules = active.call.rules;
    active.refusal = Refusal();
    if (response) {
        const WallTime came_at = parts_.calendar.now();
        http::LimitHeaders said;
        if (!options_.once) said = http::read_limit_headers(response->headers, came_at, rules.costs);
        for (const policy::LimitNotice& notice : said.notices) permit.noticed(notice);
        active.refusal = read_refusal(*response, said, refusal_rules(rules), came_at);
    }
    active.verdict.emplace(classify(*active.last, rules, active.refusal));
    const AttemptVerdict& verdict = *active.verdict;
    if (verdict.is_refusal) ++counts_.refusals;
    if ((verdict.is_refusal || verdict.is_overload) && !options_.once) {
        const AskedWait& asked = active.refusal.asked;
        permit.refused(asked.wait, asked.source.empty() ? fmt::format("status {}", response->status) : asked.source);
    }
    if (verdict.is_for_account && !options_.once) refused_for_good(active);
    learn_costs(active);
    const policy::Load load = verdict.is_refusal ? policy::Load::refused : verdict.load;
    const bool is_sign = load == policy::Load::refused || load == policy::Load::overloaded;
    permit.ended(verdict.reach, load, is_sign ? result_of(*active.last) : std::string());
    if (verdict.is_surely_undone && is_noted(active.call)) parts_.sends->retract(active.call.line);
}

RefusalRules Caller::refusal_rules(const CallRules& rules) const noexcept {
    if (rules.refusal) return RefusalRules(&rules.refusal, 1);
    return options_.refusals;
}

/// The calls that have not left would cost time, and some money, to hear the same.
void Caller::refused_for_good(const ActiveCall& active) {
    rules_.stop(fmt::format("{} refuses the account ({}): {}", active.group->name, result_of(*active.last),
                            active.refusal.reason));
}

/// What the attempt cost, by its answer or else by its line.
void Caller::learn_costs(ActiveCall& active) {
    const auto* response = std::get_if<http::Response>(&*active.last);
    std::optional<double> told;
    if (response && options_.cost_from) told = cost_in(*response, *options_.cost_from);
    if (told) active.permit.settle(policy::Costs(options_.cost_from->unit, *told));
    if (!active.reservation) return;
    policy::Costs costs = active.verdict->is_surely_undone ? no_costs() : active.call.rules.costs;
    if (told) costs.set(options_.cost_from->unit, *told);
    active.reservation->settle(costs);
    active.reservation.reset();
}

policy::WaitReason Caller::unreachable(const ActiveCall& active) {
    policy::WaitReason reason;
    const bool is_whole_group = active.group->name == active.origin->name;
    reason.limit = is_whole_group ? "can't be reached" : fmt::format("{} can't be reached", active.origin->name);
    return reason;
}

void Caller::park(ActiveCall& active, policy::WaitReason reason) {
    active.is_parked = true;
    reason.limit = fmt::format("{}: {}", active.group->name, reason.limit);
    if (!parked_ || parked_->until > reason.until) parked_ = std::move(reason);
}

/// Of a call whose first attempt has not left.
MadeCall Caller::not_made(const Call& call, bool is_parked) const {
    if (is_noted(call)) parts_.sends->retract(call.line);
    if (options_.is_resumable) return Postponed();
    if (is_parked) {
        return CallEnd(Outcome::skipped,
                       CallError(ErrorCode::rate_limited, fmt::format("not sent: {}", parked_->limit), true));
    }
    if (stop_reason()) {
        return CallEnd(
            Outcome::skipped,
            CallError(ErrorCode::cancelled, fmt::format("not sent: the run was stopped: {}", *stop_reason()), true));
    }
    return Postponed();
}

/// Of a call whose first attempt has left. `in_time`: it was neither given up nor has its deadline passed.
MadeCall Caller::end_of(ActiveCall& active, bool in_time) {
    using Why = policy::RetryDecision::Why;
    const CallRules& rules = active.call.rules;
    if (!in_time && active.is_sent) {
        active.last = gave_up_ ? given_up() : Failure(ErrorCode::deadline, late(active, "while it was sent"), true);
        note_end(active.notes.back(), *active.last);
        active.verdict.emplace(classify(*active.last, rules, Refusal()));
        learn_costs(active);
    }
    const AttemptVerdict& verdict = *active.verdict;
    if (active.why_ended == Why::asked_for_too_long) {
        active.is_cut = true;
        park(active, active.group->pace.parked().value_or(policy::WaitReason()));
    }
    const bool is_stopped = active.is_cut || (!in_time && gave_up_);
    if (options_.is_resumable && is_stopped && (rules.safe_to_repeat || verdict.is_surely_undone)) return Postponed();

    const bool is_late = (!in_time && !gave_up_) || active.why_ended == Why::past_deadline;
    if (is_late || active.is_parked) return tell(active, verdict.outcome, error_between_attempts(active, is_late));
    return tell(active, verdict.outcome, verdict.error);
}

/// That its deadline passed, and when.
std::string Caller::late(const ActiveCall& active, std::string_view when) const {
    const std::string deadline = in_words(active.call.rules.deadline.value_or(options_.deadline));
    if (active.why_ended != policy::RetryDecision::Why::past_deadline) {
        return fmt::format("its deadline of {} passed {}", deadline, when);
    }
    return fmt::format("there is no time for another attempt before its deadline of {}, {}", deadline, when);
}

/// Of a call that is late, or whose group is parked.
std::optional<CallError> Caller::error_between_attempts(const ActiveCall& active, bool is_late) const {
    const std::optional<CallError>& error = active.verdict->error;
    const std::string last = result_of(*active.last);
    const bool is_early = active.why_ended == policy::RetryDecision::Why::past_deadline;
    // One that may have been done is late, whatever slowed it down.
    if (active.verdict->is_refusal && active.verdict->is_surely_undone) {
        return CallError(
            ErrorCode::rate_limited,
            fmt::format("still refused ({}): {}", last,
                        active.is_parked ? "it was asked to come much later"
                                         : late(active, is_early ? asked_in_words(active.refusal.asked) : "meanwhile")),
            true);
    }
    if (!is_late || active.is_sent) return error;
    const std::string when =
        fmt::format("after {} {}; the last: {}{}", active.notes.size(),
                    active.notes.size() == 1 ? "attempt" : "attempts", last, error ? ": " + error->message : "");
    return CallError(ErrorCode::deadline, late(active, when), active.call.rules.safe_to_repeat,
                     error && error->maybe_sent);
}

MadeCall Caller::tell(ActiveCall& active, Outcome outcome, std::optional<CallError> error) const {
    MadeCall told(std::in_place_type<CallEnd>, outcome);
    CallEnd& end = std::get<CallEnd>(told);
    if (parts_.secrets && !parts_.secrets->empty()) {
        parts_.secrets->redact(*active.last);
        if (error) parts_.secrets->redact(error->message);
    }
    if (auto* response = std::get_if<http::Response>(&*active.last)) end.response = std::move(*response);
    end.error = std::move(error);
    end.attempts = std::move(active.notes);
    return told;
}

void Caller::stop() noexcept {
    stopped_ = true;
    for (CancelScope* wait : waits_) wait->cancel();
}

void Caller::give_up() noexcept {
    stop();
    gave_up_ = true;
    for (ActiveCall* active : made_) {
        if (active->whole) active->whole->cancel();
    }
}

std::size_t Caller::room() const {
    std::size_t room = slots_.available();
    if (groups_.size() != 1) return room;
    groups_.each([&room](const Group& group) {
        if (group.in_flight) room = std::min(room, group.in_flight->available());
    });
    return room;
}

std::vector<CallInFlight> Caller::oldest_in_flight(std::size_t most) const {
    std::vector<CallInFlight> oldest;
    for (auto active = made_.begin(); active != made_.end() && oldest.size() < most; ++active)
        oldest.emplace_back((*active)->call.custom_id, now() - (*active)->left_at);
    return oldest;
}

std::vector<GroupReport> Caller::groups(const ClockPair& clocks) const {
    std::vector<GroupReport> reports;
    groups_.each([&](Group& group) {
        GroupReport& report = reports.emplace_back(group.name);
        report.take(group.pace, clocks);
        const bool stands_still = group.on_their_way == 0 && group.backing_off > 0;
        if (stands_still && !report.waits_for) report.waits_for.emplace(why_standing_still(group), clocks);
        report.in_flight = group.on_their_way;
        report.waiting = group.waiting + group.backing_off;
        report.concurrency = group.in_flight ? group.in_flight->limit() : options_.concurrency;
        report.concurrency_is_adaptive = group.in_flight.has_value();
        if (group.in_flight && group.in_flight->last_change())
            report.concurrency_change.emplace(*group.in_flight->last_change());
    });
    origins_.each([&](const Origin& origin) {
        const auto open_since = origin.circuit.open_since();
        if (!open_since) return;
        const auto same = std::find_if(reports.begin(), reports.end(),
                                       [&](const GroupReport& report) { return report.name == origin.name; });
        GroupReport& report = same != reports.end() ? *same : reports.emplace_back(origin.name);
        report.circuit_open_since = clocks.date_of(*open_since);
    });
    return reports;
}

}  // namespace plait::batch
