#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/call/cost_source.hpp"
#include "plait/batch/call/group_limit_logs.hpp"
#include "plait/batch/call/refusal.hpp"
#include "plait/batch/call/secrets.hpp"
#include "plait/batch/call/send_log.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/batch/run/auth_command.hpp"
#include "plait/batch/run/group.hpp"
#include "plait/batch/run/group_report.hpp"
#include "plait/batch/run/in_flight.hpp"
#include "plait/batch/run/run_rules.hpp"
#include "plait/policy/random.hpp"
#include "plait/policy/rate_limit.hpp"
#include "plait/policy/retry.hpp"
#include "plait/trace/span_recorder.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// How calls are made, unless their lines say otherwise.
class CallerOptions {
  public:
    CallerOptions() {}

    /// Calls in flight in all, if the method makes so many at a time.
    std::size_t concurrency = 100;
    /// Each group finds out how many of its calls may be in flight; `concurrency` is then the most in all.
    bool adaptive_concurrency = false;
    /// Of each group.
    std::vector<policy::RateLimit> limits;
    policy::RetryOptions retry;
    /// Of a whole call, with its attempts and waits, from when its first attempt leaves.
    Duration deadline = std::chrono::minutes(15);
    /// Slow calls that are safe to repeat are sent a second time.
    std::optional<policy::HedgeOptions> hedge;
    RunRuleOptions rules;
    std::optional<CostSource> cost_from;
    /// What counts as a refusal beside what is known to be one, unless a line says so itself.
    std::vector<std::shared_ptr<const Expectation>> refusals;
    /// Each request is sent once, as soon as there is room: nothing is repeated, paced or held back.
    bool once = false;
    /// A call without a result can be made by another run: it is postponed when it can't be made in this one.
    bool is_resumable = false;
};

/// The objects that a caller works with. All of them outlive it; null: none.
class CallerParts {
  public:
    CallerParts(Method& method_, policy::Random& random_, const WallClock& calendar_) noexcept
        : method(method_), random(random_), calendar(calendar_) {}

    Method& method;
    policy::Random& random;
    const WallClock& calendar;                ///< for dates in headers
    SendLog* sends = nullptr;                 ///< records requests that must not be sent twice
    GroupLimitLogs* limit_logs = nullptr;     ///< records what is sent under the limits
    AuthCommand* auth = nullptr;              ///< gets new credentials after a 401
    const Secrets* secrets = nullptr;         ///< redacted in answers and errors
    trace::SpanRecorder* recorder = nullptr;  ///< records a span for each call
    std::function<void()> on_first_send;      ///< called when a call is sent for the first time
};

/// What a caller's calls took beyond one attempt each.
struct CallerCounts {
    std::uint64_t retries = 0;   ///< attempts beyond the first
    std::uint64_t refusals = 0;  ///< attempts that were asked to come later
    std::uint64_t copies = 0;    ///< second copies of slow attempts
    std::uint64_t copies_won = 0;
};

/// Makes calls: each by as many attempts of the method as it takes, within the limits of its group.
///
///     deadline( retry( within the limits of the group( attempt ) ) )
///
/// A call waits for its turn in its group: for a place among those in flight, for the circuit of its origin, for the
/// pace. The clock of its deadline starts when it leaves for the first time. Being refused slows its whole group, and
/// is no failure. Belongs to one loop.
class Caller {
  public:
    Caller(const CallerOptions& options, CallerParts parts);
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    /// Makes a call, which outlives the task. Postponed, when it can be made later and is not made now: its group is
    /// parked, the run stops, or it was given up and is safe to repeat. Throws only `Error(storage)`, of the send log.
    Task<MadeCall> make(Call& call);

    /// From now on nothing leaves; what is in flight goes on to the end of its attempt.
    void stop() noexcept;
    /// Gives up what is in flight, too.
    void give_up() noexcept;

    /// Why the run should be stopped; nothing while it should not.
    const std::optional<std::string>& stop_reason() const noexcept { return rules_.stop_reason(); }
    /// Why calls were postponed although nobody stopped the run: the first of the parked groups, and until when.
    const std::optional<policy::WaitReason>& parked() const noexcept { return parked_; }

    /// Calls whose first attempt was sent, or is being recorded by the send log, and that have not ended.
    std::size_t in_flight() const noexcept { return in_flight_; }
    /// At most `most` of them, the oldest first.
    std::vector<CallInFlight> oldest_in_flight(std::size_t most) const;
    /// How the groups stand, and the origins that can't be reached.
    std::vector<GroupReport> groups(const ClockPair& clocks) const;

    const CallerCounts& counts() const noexcept { return counts_; }
    /// How many calls could leave now, as far as that is known without knowing them: as many as there are places, and,
    /// as long as all calls were of one group, as it takes.
    std::size_t room() const;
    /// Budgets and stop rules.
    RunRules& rules() noexcept { return rules_; }
    const RunRules& rules() const noexcept { return rules_; }

  private:
    struct ActiveCall;
    struct Sent;

    Task<MadeCall> make_within_rules(Call& call);
    Task<MadeCall> make_admitted(Call& call, std::optional<RunRules::Reservation> reservation);
    bool take_turn(ActiveCall& active);
    Task<bool> wait_for_turn(ActiveCall& active, bool again);
    void begin(ActiveCall& active);
    bool is_noted(const Call& call) const noexcept;
    bool try_record(const Call& call);
    Task<bool> note(ActiveCall& active);
    Task<bool> depart(ActiveCall& active, bool again);
    Task<bool> wait_and_depart(ActiveCall& active, policy::Retry& retry, policy::RetryDecision decision);
    template <class Value>
    Task<std::optional<Value>> unless_stopped(Task<Value> wait);
    Task<void> attempts(ActiveCall& active);
    Task<bool> go_again(ActiveCall& active, Task<bool> turn);
    Task<bool> renew_credentials(ActiveCall& active);
    bool is_hedged(const Call& call) const noexcept;
    Task<Attempt> send_once(ActiveCall& active);
    bool met_stale_connection(const ActiveCall& active) const noexcept;
    Task<void> send_over_new_connection(ActiveCall& active);
    Task<Attempt> send_with_credentials(ActiveCall& active);
    Task<void> send_hedged(ActiveCall& active);
    Task<Sent> send_copy(ActiveCall& active, int number);
    void learn(ActiveCall& active);
    void learn_costs(ActiveCall& active);
    RefusalRules refusal_rules(const CallRules& rules) const noexcept;
    void refused_for_good(const ActiveCall& active);
    static policy::WaitReason unreachable(const ActiveCall& active);
    void park(ActiveCall& active, policy::WaitReason reason);
    MadeCall not_made(const Call& call, bool is_parked = false) const;
    MadeCall end_of(ActiveCall& active, bool in_time);
    std::string late(const ActiveCall& active, std::string_view when) const;
    std::optional<CallError> error_between_attempts(const ActiveCall& active, bool is_late) const;
    MadeCall tell(ActiveCall& active, Outcome outcome, std::optional<CallError> error) const;
    GroupOptions group_options(std::string_view name) const;

    const CallerOptions options_;
    const CallerParts parts_;
    const std::size_t slots_in_all_;
    Semaphore slots_;
    RunRules rules_;
    KeyedCache<Group> groups_;
    KeyedCache<Origin> origins_;
    std::list<CancelScope*> waits_;  ///< for a turn, or for a repeat: what ends when the run is stopped
    std::list<ActiveCall*> made_;    ///< calls in the order in which they were first sent
    std::size_t in_flight_ = 0;
    std::optional<policy::WaitReason> parked_;
    CallerCounts counts_;
    bool stopped_ = false;
    bool gave_up_ = false;
};

}  // namespace plait::batch
