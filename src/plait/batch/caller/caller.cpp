#include "plait/batch/caller/caller.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/late_cancel.hpp"
#include "plait/async/span_scope.hpp"
#include "plait/async/task_name.hpp"
#include "plait/base/scoped_count.hpp"
#include "plait/batch/caller/internal/active_call.hpp"
#include "plait/batch/caller/internal/attempt_notes.hpp"
#include "plait/batch/caller/internal/listed.hpp"
#include "plait/batch/caller/internal/part_options.hpp"
#include "plait/batch/caller/send_permit.hpp"
#include "plait/batch/group/report_groups.hpp"
#include "plait/batch/verdict/attempt_verdict.hpp"
#include "plait/batch/verdict/call_conclusion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace plait::batch {

using internal::ActiveCall;
using internal::begin_attempt;
using internal::is_once;
using internal::Listed;
using internal::note_decision;
using internal::note_end;

namespace {

constexpr int unauthorized = 401;

/// What was learnt of an origin is kept for this long after its last use.
constexpr Duration origin_memory = std::chrono::minutes(10);

/// The deadline is a limit of each attempt, so that an attempt ends itself and hands over what has come of a stream.
/// One that does not, in a worker that hangs, is cancelled this much later.
constexpr Duration overtime = std::chrono::seconds(1);

std::string_view group_name(const Call& call) {
    return call.rules.group.empty() ? call.request.url.origin() : call.rules.group.view();
}

std::size_t most_in_flight(const CallerOptions& options, const Method& method) {
    return std::min(options.concurrency, method.most_in_flight());
}

policy::WaitReason why_backing_off(const policy::RetryDecision& decision, const AskedWait& asked) {
    const bool is_asked = decision.why == policy::RetryDecision::Why::asked;
    policy::WaitReason reason;
    reason.limit = is_asked ? "asked to wait" : "backs off after failures";
    if (is_asked) reason.learnt_from = asked.source;
    reason.until = now() + decision.wait;
    return reason;
}

}  // namespace

Caller::Caller(const CallerOptions& options, CallerParts parts)
    : options_(options),
      parts_(std::move(parts)),
      slots_in_all_(most_in_flight(options, parts_.method)),
      room_of_method_(slots_in_all_),
      slots_(slots_in_all_),
      rules_(options.rules),
      idle_rules_(options.limits, options.rules.budgets, options.cost_from),
      groups_([this](std::string_view name) { return make_group(name); }, internal::group_memory(options)),
      origins_(
          [this](std::string_view name) {
              return std::make_unique<Origin>(name, options_.retry.max_wait, options_.concurrency_per_origin);
          },
          origin_memory),
      gate_(parts_, rules_),
      sender_(options_, parts_, slots_in_all_, rules_, counts_),
      hops_(options_, parts_, groups_, origins_),
      follow_ups_(options_, parts_, gate_, hops_, idle_rules_) {
    parts_.method.follow_room([this](std::size_t room) {
        room_of_method_ = room;
        fit_slots();
    });
}

Caller::~Caller() { parts_.method.follow_room({}); }

std::unique_ptr<Group> Caller::make_group(std::string_view name) {
    GroupOptions options = internal::group_options(options_, slots_in_all_);
    if (parts_.limit_logs) options.pace.log = parts_.limit_logs->of_group(name);
    return std::make_unique<Group>(name, options, slots_);
}

Task<MadeCall> Caller::make(Call& call) {
    if (!rules_.any()) return make_admitted(call, {});
    return make_within_rules(call);
}

Task<MadeCall> Caller::make_within_rules(Call& call) {
    using Verdict = RunRules::Admission::Verdict;
    std::optional<RunRules::Admission> admission = co_await gate_.unless_stopped(rules_.admit(call.rules.costs));
    if (!admission || admission->verdict == Verdict::stop) co_return not_sent(call, AttemptsEnd::stopped);
    if (admission->verdict == Verdict::never) {
        co_return CallEnd(Outcome::skipped,
                          CallError(ErrorCode::budget, "not sent: it costs more than the whole budget of the run"));
    }
    MadeCall made = co_await make_admitted(call, std::move(*admission->reservation));
    if (const auto* end = made.get()) {
        rules_.ended(*end);
    } else {
        rules_.dropped();
    }
    co_return made;
}

Task<MadeCall> Caller::make_admitted(Call& call, Boxed<RunRules::Reservation> reservation) {
    ActiveCall active(call, groups_.use(group_name(call), now()), origins_.use(call.request.url.origin(), now()),
                      is_once(options_, call.rules));
    active.reservation = std::move(reservation);
    follow_ups_.begin(active);
    const TaskName name(call.custom_id);
    if (auto unsent = co_await admit(active)) co_return std::move(*unsent);

    const Listed listed(made_, active);
    SpanScope span(parts_.recorder);
    active.sent_at = now();
    active.sent_bytes = http::body_size(active.request());
    active.deadline = call.rules.deadline.value_or(options_.deadline);
    CancelScope scope;
    const LateCancel late_cancel(scope, active.deadline_at(), overtime);
    active.attempts = &scope;
    const std::optional<AttemptsEnd> ended = co_await scope.run(make_attempts(active));
    active.attempts = nullptr;
    co_return finish(active, ended.value_or(gave_up_ ? AttemptsEnd::given_up : AttemptsEnd::late), span);
}

/// Passes the gate before the first attempt. Returns what becomes of a call that must not be sent; nothing: it may be.
Task<std::optional<MadeCall>> Caller::admit(ActiveCall& active) {
    std::optional<AttemptsEnd> unsent;
    try {
        if (!gate_.try_take_permit(active)) {
            unsent = (co_await gate_.unless_stopped(gate_.pass(active, false))).value_or(AttemptsEnd::stopped);
        } else if (!gate_.try_record(active)) {
            unsent = co_await gate_.record(active);
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::bad_input) throw;
        co_return MadeCall(
            CallEnd(Outcome::skipped, CallError(error.code(), fmt::format("not sent: {}", error.what()))));
    }
    if (unsent) co_return not_sent(active.call, *unsent);
    co_return std::nullopt;
}

/// Waits until the retry is due, and passes the gate. The note of the last attempt then names what it waited for
/// longest.
Task<std::optional<AttemptsEnd>> Caller::back_off(ActiveCall& active, policy::Retry& retry,
                                                  policy::RetryDecision decision) {
    const TimePoint since = now();
    bool is_due = false;
    {
        active.group().why_backing_off = why_backing_off(decision, active.refusal().asked);
        const ScopedCount counted(active.group().backing_off);
        // Attempts to reach a server are no load for it, and have the pace of its circuit.
        if (active.verdict().reach == Reach::not_reached) decision.counts = false;
        is_due = co_await retry.wait(decision);
    }
    const Duration for_share = now() - since - decision.wait;
    if (!is_due) {
        active.notes.back().wait_after = now() - since;
        active.notes.back().why = to_string(policy::RetryDecision::Why::budget_used_up);
        co_return AttemptsEnd::final;
    }
    const std::optional<AttemptsEnd> ended = co_await gate_.pass(active, true);
    const Duration for_permit = now() - since - decision.wait - for_share;
    if (for_share > std::max(decision.wait, for_permit)) {
        active.notes.back().why = "retry-share";
    } else if (for_permit > decision.wait) {
        active.notes.back().why = "turn";
    }
    co_return ended;
}

/// Makes attempts until the call is decided. What comes between two of them is a task of its own, because a call that
/// waits for its answer, as most calls do most of the time, has no room for it.
Task<AttemptsEnd> Caller::make_attempts(ActiveCall& active) {
    policy::AttemptHistory history;
    history.deadline = active.deadline_at();
    for (;;) {
        {
            const ScopedCount counted(active.group().on_their_way);
            begin_attempt(active);
            active.is_sending = true;
            active.last = co_await sender_.send(active);
            note_end(active);
        }
        const std::optional<AttemptsEnd> ended = co_await after_attempt(active, history);
        if (ended) co_return *ended;
    }
}

/// Sends again what the attempt did not bring to the server, learns from it, and waits until the next attempt may be
/// sent. Returns why there is none.
Task<std::optional<AttemptsEnd>> Caller::after_attempt(ActiveCall& active, policy::AttemptHistory& history) {
    if (sender_.must_send_again(active)) {
        const ScopedCount counted(active.group().on_their_way);
        co_await sender_.send_again(active);
    }
    if (is_late(active)) {
        active.cut = std::move(*active.last->failure());
        co_return AttemptsEnd::late;
    }
    active.is_sending = false;
    learn(active);
    active.permit().give_back();
    if (stop_for_storage(active)) co_return AttemptsEnd::stopped;
    if (active.next_hop) co_return co_await go_on(active, history);
    if (is_once(options_, active.rules())) co_return AttemptsEnd::final;
    if (is_overdue(active)) co_return co_await take_another_permit(active);
    AttemptNote& note = active.notes.back();
    std::optional<AttemptsEnd> ended;
    if (parts_.auth && note.status == unauthorized && !active.has_left_origin()) {
        const auto is_renewed = co_await gate_.unless_stopped(sender_.renew_credentials(active), history.deadline);
        if (!is_renewed) co_return gate_.why_cut_short();
        if (!*is_renewed) co_return AttemptsEnd::final;
        note.why = "auth-command";
        ended =
            (co_await gate_.unless_stopped(gate_.pass(active, true), history.deadline)).value_or(gate_.why_cut_short());
    } else {
        policy::Retry retry(internal::retry_options(options_, active.call.rules), parts_.random,
                            &active.first_route.group->retries);
        const policy::RetryDecision decision = retry.after(history, active.verdict().end);
        if (!decision.again()) co_return end_without_retry(active, decision);
        note_decision(note, decision, active.refusal().asked);
        ended = (co_await gate_.unless_stopped(back_off(active, retry, decision), history.deadline))
                    .value_or(gate_.why_cut_short());
    }
    if (!ended) ++counts_.retries;
    co_return ended;
}

/// For a request that came too late for its permit. It was not sent, so that only one that never will be is told of.
Task<std::optional<AttemptsEnd>> Caller::take_another_permit(ActiveCall& active) {
    const std::optional<AttemptsEnd> ended =
        (co_await gate_.unless_stopped(gate_.pass(active, true), active.deadline_at())).value_or(gate_.why_cut_short());
    if (!ended) active.notes.pop_back();
    co_return ended;
}

/// Goes to where the last answer led: a redirect, the next page, the job.
Task<std::optional<AttemptsEnd>> Caller::go_on(ActiveCall& active, policy::AttemptHistory& history) {
    const bool is_follow_up = active.following && active.following->is_due;
    active.hop = std::move(active.next_hop);
    if (!is_follow_up) active.notes.back().why = "redirect";
    Task<std::optional<AttemptsEnd>> next = is_follow_up ? follow_ups_.wait(active) : gate_.pass(active, true);
    const std::optional<AttemptsEnd> ended =
        (co_await gate_.unless_stopped(std::move(next), history.deadline)).value_or(gate_.why_cut_short());
    if (ended) co_return ended;
    ++(is_follow_up ? counts_.follow_ups : counts_.redirects);
    if (is_follow_up) {  // each page, and each poll, has attempts and redirects of its own
        history = {};
        history.deadline = active.deadline_at();
        active.redirects.reset();
    }
    co_return std::nullopt;
}

bool Caller::is_overdue(const ActiveCall& active) {
    const auto* failure = active.last->failure();
    return failure && failure->is_overdue;
}

/// Whether the attempt has ended because the time for its call was up.
bool Caller::is_late(const ActiveCall& active) {
    const auto* failure = active.last->failure();
    return failure && failure->code == ErrorCode::timeout && now() >= active.deadline_at();
}

AttemptsEnd Caller::end_without_retry(const ActiveCall& active, const policy::RetryDecision& decision) {
    using Why = policy::RetryDecision::Why;
    if (decision.why == Why::past_deadline) return AttemptsEnd::no_time_left;
    if (decision.why != Why::asked_for_too_long) return AttemptsEnd::final;
    gate_.park(active, active.group().pace.parked().value_or(policy::WaitReason()));
    return AttemptsEnd::parked;
}

MadeCall Caller::not_sent(const Call& call, AttemptsEnd ended) const {
    gate_.retract(call, call.rules);
    const std::string_view parked = gate_.parked() ? std::string_view(gate_.parked()->limit) : std::string_view();
    std::optional<CallError> error = why_skipped(ended, options_.is_resumable, parked, stop_reason());
    if (!error) return {};
    return CallEnd(Outcome::skipped, std::move(*error));
}

// Its variables are not those of `make_admitted`, whose frame lives as long as the call waits.
MadeCall Caller::finish(ActiveCall& active, AttemptsEnd ended, SpanScope& span) {
    MadeCall made = finish(active, ended);
    if (auto* end = made.get(); end && span.is_recording()) end->span = span.end();
    return made;
}

/// The end of a call that was sent.
MadeCall Caller::finish(ActiveCall& active, AttemptsEnd ended) {
    if (active.is_sending) {
        active.last =
            ended == AttemptsEnd::given_up ? given_up() : deadline_passed(active.deadline, std::move(active.cut));
        note_end(active);
        if (!active.findings) active.findings.emplace();
        active.findings->verdict.emplace(classify(*active.last, active.call.rules, Refusal()));
        internal::adjust_to_redirects(active, "");
        learn_costs(active, active.verdict().is_surely_undone);
        if (active.verdict().is_surely_undone) gate_.retract(active.call, active.rules());
    }
    std::optional<CallConclusion> conclusion = conclude(active.history(), ended, options_.is_resumable);
    if (!conclusion) return {};
    if (!conclusion->error && internal::is_unfollowed_redirect(active, ended))
        conclusion->error = internal::not_followed(why_nothing_is_sent(ended));
    MadeCall made;
    CallEnd& end = made.emplace(conclusion->outcome);
    if (parts_.secrets && !parts_.secrets->empty()) {
        parts_.secrets->redact(*active.last);
        if (conclusion->error) parts_.secrets->redact(conclusion->error->message);
        for (AttemptNote& note : active.notes) parts_.secrets->redact(note.url);
    }
    if (active.last->response()) {
        if (!active.following || !active.following->is_due) end.response = active.last->take_response();
    } else if (const auto& partial = active.last->failure()->partial) {
        // What is rejected has its whole answer (`classify`).
        (end.outcome == Outcome::rejected ? end.response : end.partial) = std::move(*partial);
    }
    if (active.hop && end.response) end.response->url = hops_.final_url(active);
    end.error = std::move(conclusion->error);
    end.attempts = std::move(active.notes);
    end.sent_bytes = active.sent_bytes;
    if (active.following) follow_ups_.finish(active, end);
    return made;
}

/// Why an attempt that was due is not sent.
std::string Caller::why_nothing_is_sent(AttemptsEnd ended) const {
    if (ended == AttemptsEnd::parked && parked()) return parked()->limit;
    return stop_reason().value_or("the run was stopped before");
}

void Caller::give_up() noexcept {
    gate_.close();
    gave_up_ = true;
    for (const ActiveCall& active : made_) {
        if (active.attempts) active.attempts->cancel();
    }
}

void Caller::pause() noexcept {
    paused_ = true;
    fit_slots();
}

void Caller::resume() noexcept {
    paused_ = false;
    fit_slots();
}

// Each attempt takes a slot at the moment it is sent, and no earlier: so a pause without slots uses up no limit.
void Caller::fit_slots() noexcept { slots_.resize(paused_ ? 0 : std::min(room_of_method_, slots_in_all_)); }

std::size_t Caller::room() const {
    std::size_t room = slots_.available();
    if (groups_.size() != 1) return room;
    groups_.each([&room](const Group& group) {
        if (group.in_flight) room = std::min(room, group.in_flight->available());
    });
    if (origins_.size() != 1) return room;
    origins_.each([&room](const Origin& origin) {
        if (origin.in_flight) room = std::min(room, origin.in_flight->available());
    });
    return room;
}

std::vector<CallInFlight> Caller::oldest_in_flight(std::size_t most) const {
    std::vector<CallInFlight> oldest;
    for (const ActiveCall& active : made_) {
        if (oldest.size() == most) break;
        oldest.emplace_back(active.call.custom_id, now() - active.sent_at);
    }
    return oldest;
}

std::vector<GroupReport> Caller::groups(const ClockPair& clocks) const {
    const std::size_t concurrency = options_.concurrency_per_origin.value_or(options_.concurrency);
    return report_groups(groups_, origins_, std::min(options_.concurrency, concurrency), clocks);
}

}  // namespace plait::batch
