#pragma once

#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/span_scope.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/answer/refusal.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/caller/attempt_sender.hpp"
#include "plait/batch/caller/caller_options.hpp"
#include "plait/batch/caller/idle_rules.hpp"
#include "plait/batch/caller/internal/follow_ups.hpp"
#include "plait/batch/caller/internal/hops.hpp"
#include "plait/batch/caller/internal/send_gate.hpp"
#include "plait/batch/group/group.hpp"
#include "plait/batch/group/group_report.hpp"
#include "plait/batch/group/in_flight.hpp"
#include "plait/batch/group/run_rules.hpp"
#include "plait/batch/verdict/call_conclusion.hpp"
#include "plait/policy/retry.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

namespace internal {
struct ActiveCall;
}

/// Makes calls, each in one or more attempts of the method, within the limits of its group.
///
/// Each attempt needs a `SendPermit` of the group: the circuit of its origin, a slot, the pace. The clock of the call's
/// deadline starts when it is first sent. A refusal is no failure, and slows the whole group. Belongs to one loop.
class Caller {
  public:
    Caller(const CallerOptions& options, CallerParts parts);
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;
    ~Caller();

    /// Makes a call, which outlives the task. Postponed, when it can be made later and is not made now: its group is
    /// parked, the run stops, or it was given up and is safe to repeat. Throws only `Error(storage)`, of the send log.
    Task<MadeCall> make(Call& call);

    /// Whether an earlier run has sent the request of the call, and has recorded where to ask for the job that it
    /// started: `make` then asks there, and does not send the request again.
    bool can_take_up(const Call& call) const { return follow_ups_.can_take_up(call); }

    /// From now on no attempt is sent; those in flight go on to their end.
    void stop() noexcept { gate_.close(); }
    /// Gives up the attempts in flight, too.
    void give_up() noexcept;

    /// Sends no attempt until `resume`; those in flight go on to their end. Deadlines and the waits of limits pass
    /// meanwhile.
    void pause() noexcept;
    void resume() noexcept;
    bool is_paused() const noexcept { return paused_; }

    /// Why the run must stop; nothing while it may go on.
    const std::optional<std::string>& stop_reason() const noexcept { return rules_.stop_reason(); }
    /// Why calls were postponed although nobody stopped the run: the first of the parked groups, and until when.
    const std::optional<policy::WaitReason>& parked() const noexcept { return gate_.parked(); }

    /// Calls whose first attempt was sent, or is being recorded by the send log, and that have not ended.
    std::size_t in_flight() const noexcept { return gate_.in_flight(); }
    /// Returns at most `most` of them, the oldest first.
    std::vector<CallInFlight> oldest_in_flight(std::size_t most) const;
    /// Reports how the groups stand, and the origins that can't be reached.
    std::vector<GroupReport> groups(const ClockPair& clocks) const;

    const CallerCounts& counts() const noexcept { return counts_; }
    /// Returns how many calls could be sent now, as far as that is known before their groups are: the free slots, and
    /// while there is only one group, no more than it takes.
    std::size_t room() const;
    /// Budgets and stop rules.
    RunRules& rules() noexcept { return rules_; }
    const RunRules& rules() const noexcept { return rules_; }
    /// Rules that have had no effect so far.
    IdleRules& idle_rules() noexcept { return idle_rules_; }
    const IdleRules& idle_rules() const noexcept { return idle_rules_; }

  private:
    using ActiveCall = internal::ActiveCall;

    Task<MadeCall> make_within_rules(Call& call);
    Task<MadeCall> make_admitted(Call& call, Boxed<RunRules::Reservation> reservation);
    Task<std::optional<MadeCall>> admit(ActiveCall& active);
    Task<AttemptsEnd> make_attempts(ActiveCall& active);
    Task<std::optional<AttemptsEnd>> after_attempt(ActiveCall& active, policy::AttemptHistory& history);
    Task<std::optional<AttemptsEnd>> take_another_permit(ActiveCall& active);
    Task<std::optional<AttemptsEnd>> go_on(ActiveCall& active, policy::AttemptHistory& history);
    Task<std::optional<AttemptsEnd>> back_off(ActiveCall& active, policy::Retry& retry, policy::RetryDecision decision);
    AttemptsEnd end_without_retry(const ActiveCall& active, const policy::RetryDecision& decision);
    static bool is_overdue(const ActiveCall& active);
    static bool is_late(const ActiveCall& active);

    void learn(ActiveCall& active);
    std::optional<bool> wish_of_program(ActiveCall& active);
    void learn_costs(ActiveCall& active, bool is_undone);
    void look_for_idle_rules(const ActiveCall& active, bool reported);
    RefusalRules refusal_rules(const CallRules& rules) const noexcept;
    void stop_for_account(const ActiveCall& active);
    bool stop_for_storage(const ActiveCall& active);

    MadeCall not_sent(const Call& call, AttemptsEnd ended) const;
    MadeCall finish(ActiveCall& active, AttemptsEnd ended, SpanScope& span);
    MadeCall finish(ActiveCall& active, AttemptsEnd ended);
    std::string why_nothing_is_sent(AttemptsEnd ended) const;

    std::unique_ptr<Group> make_group(std::string_view name);
    void fit_slots() noexcept;

    const CallerOptions options_;
    const CallerParts parts_;
    const std::size_t slots_in_all_;
    std::size_t room_of_method_;  ///< calls that the method can make at a time now
    Semaphore slots_;
    RunRules rules_;
    IdleRules idle_rules_;
    CallerCounts counts_;
    KeyedCache<Group> groups_;
    KeyedCache<Origin> origins_;
    internal::SendGate gate_;
    AttemptSender sender_;
    internal::Hops hops_;
    internal::FollowUps follow_ups_;
    internal::ListOf<ActiveCall> made_;  ///< calls in the order in which they were first sent
    bool paused_ = false;
    bool gave_up_ = false;
};

}  // namespace plait::batch
