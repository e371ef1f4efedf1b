#include "plait/batch/run/caller.hpp"

#include "plait/async/doing.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/strand_scope.hpp"
#include "plait/async/task_name.hpp"
#include "plait/base/words.hpp"
#include "plait/batch/run/departure.hpp"
#include "plait/batch/run/judgement.hpp"
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
    if (group.repeats.waiting() == 0) return group.why_backing_off;
    policy::WaitReason reason;
    reason.limit = "retries wait for good answers";
    reason.until = group.repeats.earliest(now());
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
struct Caller::Making {
    Making(Call& call_, Register<Group>::Use group_, Register<Origin>::Use origin_, bool once)
        : call(call_),
          group(std::move(group_)),
          origin(std::move(origin_)),
          departure(*group, once ? nullptr : &origin->circuit) {}

    Call& call;
    Register<Group>::Use group;
    Register<Origin>::Use origin;
    ReadAhead::Permit* ahead = nullptr;
    Departure departure;           // of the attempt that comes next, or is on its way
    CancelScope* whole = nullptr;  // of all its attempts
    bool is_sent = false;          // an attempt is on its way
    bool is_cut = false;           // it was stopped, or its group is parked
    bool is_parked = false;
    std::uint64_t auth_version = 0;  // of the credentials that the last attempt was made with
    TimePoint left_at{};
    std::optional<Attempt> last;
    Refusal refusal;  // by its answer
    std::optional<Judgement> judgement;
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

Caller::Caller(Method& method, const CallerOptions& options, policy::Random& random, const WallClock& calendar)
    : method_(method),
      options_(options),
      random_(random),
      calendar_(calendar),
      places_in_all_(most_in_flight(options, method)),
      places_(places_in_all_),
      rules_(options.rules),
      groups_([this](std::string_view name) { return std::make_unique<Group>(name, group_options(name), places_); },
              longest_memory(options)),
      origins_([this](std::string_view name) { return std::make_unique<Origin>(name, options_.retry.max_wait); },
               group_patience) {}

GroupOptions Caller::group_options(std::string_view name) const {
    GroupOptions group;
    group.pace.limits = options_.limits;
    if (options_.limit_logs) group.pace.log = options_.limit_logs->of_group(name);
    group.pace.server.max_wait = options_.retry.max_wait;
    if (options_.finds_concurrency && !options_.once) group.pace.server.opening.first_look = first_look;
    // A call alone can use up its attempts.
    group.repeats.least = std::max(group.repeats.least, options_.retry.max_attempts - 1);
    if (options_.hedge) group.hedge = *options_.hedge;
    if (options_.finds_concurrency) {
        group.in_flight.emplace();
        group.in_flight->most = static_cast<double>(places_in_all_);
        group.in_flight->first = std::min(group.in_flight->first, group.in_flight->most);
    }
    return group;
}

Task<MadeCall> Caller::make(Call& call, ReadAhead::Permit* ahead) {
    if (!rules_.any()) return make_admitted(call, ahead, std::nullopt);
    return make_within_rules(call, ahead);
}

Task<MadeCall> Caller::make_within_rules(Call& call, ReadAhead::Permit* ahead) {
    using Verdict = RunRules::Admission::Verdict;
    std::optional<RunRules::Admission> admission = co_await unless_stopped(rules_.admit(call.rules.costs));
    if (!admission || admission->verdict == Verdict::stop) co_return not_made(call);
    if (admission->verdict == Verdict::never) {
        co_return CallEnd(Outcome::skipped,
                          CallError(ErrorCode::budget, "not sent: it costs more than the whole budget of the run"));
    }
    MadeCall made = co_await make_admitted(call, ahead, std::move(admission->reservation));
    if (const auto* end = std::get_if<CallEnd>(&made)) {
        rules_.ended(*end);
    } else {
        rules_.dropped();
    }
    co_return made;
}

Task<MadeCall> Caller::make_admitted(Call& call, ReadAhead::Permit* ahead,
                                     std::optional<RunRules::Reservation> reservation) {
    Making making(call, groups_.use(group_name(call), now()), origins_.use(call.request.url.origin(), now()),
                  options_.once);
    making.ahead = ahead;
    making.reservation = std::move(reservation);
    const TaskName name(call.custom_id);
    bool leaves = false;
    std::optional<CallError> never;
    try {
        leaves = take_turn(making);
        if (!leaves) {
            leaves = (co_await unless_stopped(depart(making, false))).value_or(false);
        } else if (!note_at_once(call)) {
            leaves = co_await note(making);
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::bad_input) throw;
        never.emplace(error.code(), fmt::format("not sent: {}", error.what()));
    }
    if (never) co_return CallEnd(Outcome::skipped, std::move(*never));
    if (!leaves) co_return not_made(call, making.is_parked);

    const Listed listed(made_, making);
    StrandScope strand(options_.recorder);
    making.left_at = now();
    CancelScope whole(making.left_at + call.rules.deadline.value_or(options_.deadline));
    making.whole = &whole;
    const bool in_time = co_await whole.run(attempts(making));
    making.whole = nullptr;
    MadeCall made = end_of(making, in_time);
    if (auto* end = std::get_if<CallEnd>(&made); end && strand.is_followed()) end->strand = strand.end();
    co_return made;
}

/// Takes what the call needs to leave; false when something of it has to be waited for.
bool Caller::take_turn(Making& making) {
    if (stopped_ || !making.departure.try_take(making.call.rules.costs)) return false;
    begin(making);
    return true;
}

/// Takes what the call needs to leave as it becomes free. False when the run was stopped or the group is parked.
Task<bool> Caller::wait_for_turn(Making& making, bool again) {
    const CallRules& rules = making.call.rules;
    // A repeat goes before what has not begun, or its deadline would pass in the line.
    const int priority = 2 * rules.priority + (again ? 1 : 0);
    const Counted counted(making.group->waiting);
    const Doing doing(trace::Activity::permit);
    const Departure::Turn turn = co_await making.departure.take(rules.costs, priority);
    if (turn == Departure::Turn::unreachable) park(making, unreachable(making));
    if (turn == Departure::Turn::parked) park(making, making.group->pace.parked().value_or(policy::WaitReason()));
    // The call that stopped the run may have let this one go.
    if (turn != Departure::Turn::taken || stopped_) co_return false;
    begin(making);
    co_return true;
}

/// The call has its turn. That it is noted first makes no difference: who waits for a note is in flight.
void Caller::begin(Making& making) noexcept {
    making.departure.begin();
    if (making.ahead) making.ahead->left();
}

/// Whether the send log has to know of the call before it leaves.
bool Caller::is_noted(const Call& call) const noexcept { return options_.sends && !call.rules.safe_to_repeat; }

/// Notes that the call leaves, where that has to be; false when it has to be waited for.
bool Caller::note_at_once(const Call& call) { return !is_noted(call) || options_.sends->note_at_once(call.line); }

/// Has the departure noted. False when the run was stopped meanwhile.
Task<bool> Caller::note(Making& making) {
    const Doing doing(trace::Activity::permit);
    co_await options_.sends->about_to_send(making.call.line);
    if (stopped_) options_.sends->surely_not_sent(making.call.line);
    co_return !stopped_;
}

Task<bool> Caller::depart(Making& making, bool again) {
    if (again && rules_.any()) {
        making.reservation = co_await rules_.admit_again(making.call.rules.costs);
        if (!making.reservation) co_return false;
    }
    const bool has_turn = co_await wait_for_turn(making, again);
    if (!has_turn || note_at_once(making.call)) co_return has_turn;
    co_return co_await note(making);
}

Task<bool> Caller::wait_and_depart(Making& making, policy::Retry& retry, policy::RetryDecision decision) {
    const TimePoint since = now();
    {
        making.group->why_backing_off = why_backing_off(decision, making.refusal.asked);
        const Counted counted(making.group->backing_off);
        // Attempts to reach a server are no load for it, and have the pace of its circuit.
        if (making.judgement->reach == Reach::not_reached) decision.counts = false;
        const bool is_due = co_await retry.wait(decision);
        if (!is_due) making.why_ended = policy::RetryDecision::Why::budget_used_up;
    }
    const Duration for_share = now() - since - decision.wait;
    if (making.why_ended == policy::RetryDecision::Why::budget_used_up) {
        making.notes.back().wait_after = now() - since;
        making.notes.back().why = to_string(making.why_ended);
        co_return false;
    }
    const bool has_turn = co_await depart(making, true);
    const Duration for_turn = now() - since - decision.wait - for_share;
    // The longest of the three is what it waited for.
    if (for_share > std::max(decision.wait, for_turn)) {
        making.notes.back().why = "retry-share";
    } else if (for_turn > decision.wait) {
        making.notes.back().why = "turn";
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

Task<void> Caller::attempts(Making& making) {
    policy::Retry retry(retry_options(options_, making.call.rules), random_, &making.group->repeats);
    policy::AttemptHistory history;
    history.deadline = making.left_at + making.call.rules.deadline.value_or(options_.deadline);
    for (;;) {
        {
            const Counted counted(making.group->on_their_way);
            begin_note(making.notes);
            making.is_sent = true;
            if (is_hedged(making.call)) {
                co_await send_hedged(making);
            } else {
                making.last = co_await send_once(making);
            }
            note_end(making.notes.back(), *making.last);
            if (met_stale_connection(making)) co_await send_over_new_connection(making);
            making.is_sent = false;
        }
        learn(making);
        making.departure.give_back();
        if (options_.once) co_return;
        AttemptNote& note = making.notes.back();
        if (options_.auth && note.status == unauthorized) {
            const auto renewed = co_await unless_stopped(renew_credentials(making));
            making.is_cut = !renewed;
            if (!renewed || !*renewed) co_return;
            note.why = "auth-command";
            const bool goes_on = co_await go_again(making, depart(making, true));
            if (!goes_on) co_return;
            continue;
        }

        const policy::RetryDecision decision = retry.after(history, making.judgement->end);
        making.why_ended = decision.why;
        if (!decision.again()) co_return;
        note.wait_after = decision.wait;
        const AskedWait& asked = making.refusal.asked;
        const bool is_asked = decision.why == policy::RetryDecision::Why::asked && !asked.source.empty();
        note.why = is_asked ? asked.source : std::string(to_string(decision.why));
        const bool goes_on = co_await go_again(making, wait_and_depart(making, retry, decision));
        if (!goes_on) co_return;
    }
}

/// Takes the turn of the next attempt when it comes. False when the run was stopped before, or the group is parked.
Task<bool> Caller::go_again(Making& making, Task<bool> turn) {
    const auto has_turn = co_await unless_stopped(std::move(turn));
    const bool goes_on = has_turn.value_or(false);
    making.is_cut = !goes_on && making.why_ended != policy::RetryDecision::Why::budget_used_up;
    if (goes_on) ++counts_.repeats;
    co_return goes_on;
}

/// False when there are none; the call's error then says why.
Task<bool> Caller::renew_credentials(Making& making) {
    try {
        co_await options_.auth->renew(making.auth_version);
        co_return true;
    } catch (const Error& error) {
        making.judgement->error.emplace(ErrorCode::expect, error.what());
        co_return false;
    }
}

bool Caller::is_hedged(const Call& call) const noexcept {
    return options_.hedge && !options_.once && call.rules.safe_to_repeat && places_in_all_ > 1;
}

Task<Attempt> Caller::send_once(Making& making) {
    if (options_.auth) return send_with_credentials(making);
    return method_.attempt(making.call.request);
}

bool Caller::met_stale_connection(const Making& making) const noexcept {
    const auto* failure = std::get_if<Failure>(&*making.last);
    if (!failure || !failure->was_stale || options_.once) return false;
    return making.call.rules.safe_to_repeat || !failure->maybe_sent;
}

/// Sends the request again, at once and as the same attempt: that its server closes connections tells nothing of how it
/// takes calls.
Task<void> Caller::send_over_new_connection(Making& making) {
    making.notes.back().why = "stale-connection";
    begin_note(making.notes);
    ++counts_.repeats;
    making.call.request.over_new_connection = true;
    making.last = co_await send_once(making);
    making.call.request.over_new_connection = false;
    note_end(making.notes.back(), *making.last);
}

Task<Attempt> Caller::send_with_credentials(Making& making) {
    http::Request request = making.call.request;
    options_.auth->apply(request);
    making.auth_version = options_.auth->version();
    co_return co_await method_.attempt(request);
}

Task<void> Caller::send_hedged(Making& making) {
    int copies = 0;
    auto make = [this, &making, &copies] { return send_copy(making, ++copies); };
    const auto is_answer = [](const Sent& sent) { return std::holds_alternative<http::Response>(sent.attempt); };
    Sent first_answer = co_await making.group->hedge.run(make, is_answer);
    if (copies > 1) ++counts_.copies;
    if (first_answer.is_second) ++counts_.copies_won;
    AttemptNote& note = making.notes.back();
    note.copies = copies;
    note.second_won = first_answer.is_second;
    making.last = std::move(first_answer.attempt);
}

Task<Caller::Sent> Caller::send_copy(Making& making, int number) {
    std::optional<policy::Pace::Pass> pass;
    if (number > 1) {
        const CallRules& rules = making.call.rules;
        std::optional<RunRules::Reservation> reservation = rules_.try_reserve(rules.costs);
        if (reservation) pass = co_await making.group->pace.enter(rules.costs, 2 * rules.priority + 1);
        if (!pass) {
            Event first_ends;  // which cancels this wait
            co_await first_ends.wait();
        }
        reservation->settle(rules.costs);  // what the other copy costs nobody will say
    }
    Attempt attempt = co_await send_once(making);
    co_return Sent(std::move(attempt), number > 1);
}

/// What the attempt tells of its server, and what follows for its call.
void Caller::learn(Making& making) {
    Departure& departure = making.departure;
    const auto* response = std::get_if<http::Response>(&*making.last);
    const CallRules& rules = making.call.rules;
    making.refusal = Refusal();
    if (response) {
        const WallTime came_at = calendar_.now();
        http::LimitHeaders said;
        if (!options_.once) said = http::read_limit_headers(response->headers, came_at, rules.costs);
        for (const policy::LimitNotice& notice : said.notices) departure.noticed(notice);
        making.refusal = read_refusal(*response, said, refusal_rules(rules), came_at);
    }
    making.judgement.emplace(judge(*making.last, rules, making.refusal));
    const Judgement& judgement = *making.judgement;
    if (judgement.is_refusal) ++counts_.refusals;
    if ((judgement.is_refusal || judgement.is_overload) && !options_.once) {
        const AskedWait& asked = making.refusal.asked;
        departure.refused(asked.wait, asked.source.empty() ? fmt::format("status {}", response->status) : asked.source);
    }
    if (judgement.is_for_account && !options_.once) refused_for_good(making);
    learn_costs(making);
    const policy::Load load = judgement.is_refusal ? policy::Load::refused : judgement.load;
    const bool is_sign = load == policy::Load::refused || load == policy::Load::overloaded;
    departure.ended(judgement.reach, load, is_sign ? result_of(*making.last) : std::string());
    if (judgement.is_surely_undone && is_noted(making.call)) options_.sends->surely_not_sent(making.call.line);
}

RefusalRules Caller::refusal_rules(const CallRules& rules) const noexcept {
    if (rules.refusal) return RefusalRules(&rules.refusal, 1);
    return options_.refusals;
}

/// The calls that have not left would cost time, and some money, to hear the same.
void Caller::refused_for_good(const Making& making) {
    rules_.stop(fmt::format("{} refuses the account ({}): {}", making.group->name, result_of(*making.last),
                            making.refusal.reason));
}

/// What the attempt cost, by its answer or else by its line.
void Caller::learn_costs(Making& making) {
    const auto* response = std::get_if<http::Response>(&*making.last);
    std::optional<double> told;
    if (response && options_.cost_from) told = cost_in(*response, *options_.cost_from);
    if (told) making.departure.settle(policy::Costs(options_.cost_from->unit, *told));
    if (!making.reservation) return;
    policy::Costs costs = making.judgement->is_surely_undone ? no_costs() : making.call.rules.costs;
    if (told) costs.set(options_.cost_from->unit, *told);
    making.reservation->settle(costs);
    making.reservation.reset();
}

policy::WaitReason Caller::unreachable(const Making& making) {
    policy::WaitReason reason;
    const bool is_whole_group = making.group->name == making.origin->name;
    reason.limit = is_whole_group ? "can't be reached" : fmt::format("{} can't be reached", making.origin->name);
    return reason;
}

void Caller::park(Making& making, policy::WaitReason reason) {
    making.is_parked = true;
    reason.limit = fmt::format("{}: {}", making.group->name, reason.limit);
    if (!parked_ || parked_->until > reason.until) parked_ = std::move(reason);
}

/// Of a call whose first attempt has not left.
MadeCall Caller::not_made(const Call& call, bool is_parked) const {
    if (is_noted(call)) options_.sends->surely_not_sent(call.line);
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
MadeCall Caller::end_of(Making& making, bool in_time) {
    using Why = policy::RetryDecision::Why;
    const CallRules& rules = making.call.rules;
    if (!in_time && making.is_sent) {
        making.last = gave_up_ ? given_up() : Failure(ErrorCode::deadline, late(making, "while it was sent"), true);
        note_end(making.notes.back(), *making.last);
        making.judgement.emplace(judge(*making.last, rules, Refusal()));
        learn_costs(making);
    }
    const Judgement& judgement = *making.judgement;
    if (making.why_ended == Why::asked_for_too_long) {
        making.is_cut = true;
        park(making, making.group->pace.parked().value_or(policy::WaitReason()));
    }
    const bool is_stopped = making.is_cut || (!in_time && gave_up_);
    if (options_.is_resumable && is_stopped && (rules.safe_to_repeat || judgement.is_surely_undone)) return Postponed();

    const bool is_late = (!in_time && !gave_up_) || making.why_ended == Why::past_deadline;
    if (is_late || making.is_parked) return tell(making, judgement.outcome, error_between_attempts(making, is_late));
    return tell(making, judgement.outcome, judgement.error);
}

/// That its deadline passed, and when.
std::string Caller::late(const Making& making, std::string_view when) const {
    const std::string deadline = in_words(making.call.rules.deadline.value_or(options_.deadline));
    if (making.why_ended != policy::RetryDecision::Why::past_deadline) {
        return fmt::format("its deadline of {} passed {}", deadline, when);
    }
    return fmt::format("there is no time for another attempt before its deadline of {}, {}", deadline, when);
}

/// Of a call that is late, or whose group is parked.
std::optional<CallError> Caller::error_between_attempts(const Making& making, bool is_late) const {
    const std::optional<CallError>& error = making.judgement->error;
    const std::string last = result_of(*making.last);
    const bool is_early = making.why_ended == policy::RetryDecision::Why::past_deadline;
    // One that may have been done is late, whatever slowed it down.
    if (making.judgement->is_refusal && making.judgement->is_surely_undone) {
        return CallError(
            ErrorCode::rate_limited,
            fmt::format("still refused ({}): {}", last,
                        making.is_parked ? "it was asked to come much later"
                                         : late(making, is_early ? asked_in_words(making.refusal.asked) : "meanwhile")),
            true);
    }
    if (!is_late || making.is_sent) return error;
    const std::string when =
        fmt::format("after {} {}; the last: {}{}", making.notes.size(),
                    making.notes.size() == 1 ? "attempt" : "attempts", last, error ? ": " + error->message : "");
    return CallError(ErrorCode::deadline, late(making, when), making.call.rules.safe_to_repeat,
                     error && error->maybe_sent);
}

MadeCall Caller::tell(Making& making, Outcome outcome, std::optional<CallError> error) const {
    MadeCall told(std::in_place_type<CallEnd>, outcome);
    CallEnd& end = std::get<CallEnd>(told);
    if (options_.secrets && !options_.secrets->empty()) {
        options_.secrets->redact(*making.last);
        if (error) options_.secrets->redact(error->message);
    }
    if (auto* response = std::get_if<http::Response>(&*making.last)) end.response = std::move(*response);
    end.error = std::move(error);
    end.attempts = std::move(making.notes);
    return told;
}

void Caller::stop() noexcept {
    stopped_ = true;
    for (CancelScope* wait : waits_) wait->cancel();
}

void Caller::give_up() noexcept {
    stop();
    gave_up_ = true;
    for (Making* making : made_) {
        if (making->whole) making->whole->cancel();
    }
}

std::size_t Caller::room() const {
    std::size_t room = places_.available();
    if (groups_.size() != 1) return room;
    groups_.each([&room](const Group& group) {
        if (group.in_flight) room = std::min(room, group.in_flight->available());
    });
    return room;
}

std::vector<CallInFlight> Caller::oldest_in_flight(std::size_t most) const {
    std::vector<CallInFlight> oldest;
    for (auto making = made_.begin(); making != made_.end() && oldest.size() < most; ++making)
        oldest.emplace_back((*making)->call.custom_id, now() - (*making)->left_at);
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
        report.concurrency_finds_itself = group.in_flight.has_value();
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
