#pragma once

#include "plait/async/cancel_scope.hpp"
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
#include "plait/batch/follow/next_request.hpp"
#include "plait/batch/group/group.hpp"
#include "plait/batch/group/group_report.hpp"
#include "plait/batch/group/in_flight.hpp"
#include "plait/batch/group/run_rules.hpp"
#include "plait/batch/verdict/call_conclusion.hpp"
#include "plait/http/redirects.hpp"
#include "plait/policy/retry.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
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
    bool can_take_up(const Call& call) const;

    /// From now on no attempt is sent; those in flight go on to their end.
    void stop() noexcept;
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
    const std::optional<policy::WaitReason>& parked() const noexcept { return parked_; }

    /// Calls whose first attempt was sent, or is being recorded by the send log, and that have not ended.
    std::size_t in_flight() const noexcept { return in_flight_; }
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
    Task<MadeCall> make_admitted(Call& call, std::optional<RunRules::Reservation> reservation);
    bool try_acquire_permit(ActiveCall& active);
    Task<std::optional<AttemptsEnd>> acquire_permit(ActiveCall& active, bool is_retry);
    Task<std::optional<AttemptsEnd>> wait_for_permit(ActiveCall& active, bool is_retry);
    void begin(ActiveCall& active);
    bool is_once(const CallRules& rules) const noexcept { return options_.once || !rules.may_repeat; }
    bool is_recorded(const CallRules& rules) const noexcept;
    bool try_record(const ActiveCall& active);
    Task<std::optional<AttemptsEnd>> record(ActiveCall& active);
    Task<std::optional<AttemptsEnd>> back_off(ActiveCall& active, policy::Retry& retry, policy::RetryDecision decision);
    template <class Value>
    Task<std::optional<Value>> unless_stopped(Task<Value> wait, std::optional<TimePoint> until = std::nullopt);
    AttemptsEnd why_cut_short() const noexcept { return stopped_ ? AttemptsEnd::stopped : AttemptsEnd::late; }
    Task<AttemptsEnd> make_attempts(ActiveCall& active);
    AttemptsEnd end_without_retry(const ActiveCall& active, const policy::RetryDecision& decision);
    static bool is_late(const ActiveCall& active);
    std::string plan_hop(ActiveCall& active);
    void go_to(ActiveCall& active, http::RedirectStep&& step, CallRules rules);
    void begin_following(ActiveCall& active);
    std::optional<http::RedirectStep> place_to_take_up(const Call& call) const;
    CallRules rules_of_follow_up(const ActiveCall& active) const;
    void judge(ActiveCall& active);
    bool has_room_for_page(ActiveCall& active) const;
    void plan_follow_up(ActiveCall& active, FollowStep step);
    void record_place(ActiveCall& active, const http::Url& place);
    void keep_page(ActiveCall& active);
    Task<std::optional<AttemptsEnd>> follow_up(ActiveCall& active);
    void finish_following(ActiveCall& active, CallEnd& end) const;
    std::optional<CallError> why_not_followed(const ActiveCall& active, AttemptsEnd ended) const;
    std::string final_url(const ActiveCall& active) const;
    static void adjust_to_redirects(ActiveCall& active, const std::string& why_not_followed);
    void learn(ActiveCall& active);
    std::optional<bool> wish_of_program(ActiveCall& active);
    void learn_costs(ActiveCall& active);
    void look_for_idle_rules(const ActiveCall& active, bool reported);
    policy::Costs costs_of_redirect(const policy::Costs& costs) const;
    CallRules rules_after(const ActiveCall& active, const http::RedirectStep& step) const;
    RefusalRules refusal_rules(const CallRules& rules) const noexcept;
    void stop_for_account(const ActiveCall& active);
    bool stop_for_storage(const internal::ActiveCall& active);
    static policy::WaitReason why_unreachable(const ActiveCall& active);
    void park(const ActiveCall& active, policy::WaitReason reason);
    MadeCall not_sent(const Call& call, AttemptsEnd ended) const;
    MadeCall finish(ActiveCall& active, AttemptsEnd ended, SpanScope& span);
    MadeCall finish(ActiveCall& active, AttemptsEnd ended);
    GroupOptions group_options(std::string_view name) const;
    void fit_slots() noexcept;

    const CallerOptions options_;
    const CallerParts parts_;
    const std::size_t slots_in_all_;
    std::size_t room_of_method_;  ///< calls that the method can make at a time now
    Semaphore slots_;
    RunRules rules_;
    IdleRules idle_rules_;
    AttemptSender sender_;
    KeyedCache<Group> groups_;
    KeyedCache<Origin> origins_;
    std::list<CancelScope*> waits_;  ///< waits that end when the run is stopped
    std::list<ActiveCall*> made_;    ///< calls in the order in which they were first sent
    std::size_t in_flight_ = 0;
    std::optional<policy::WaitReason> parked_;
    CallerCounts counts_;
    bool stopped_ = false;
    bool paused_ = false;
    bool gave_up_ = false;
};

}  // namespace plait::batch
