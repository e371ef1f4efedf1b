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
#include "plait/batch/run/call_conclusion.hpp"
#include "plait/batch/run/group.hpp"
#include "plait/batch/run/group_report.hpp"
#include "plait/batch/run/in_flight.hpp"
#include "plait/batch/run/run_rules.hpp"
#include "plait/http/cookie_jar.hpp"
#include "plait/http/redirects.hpp"
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

namespace internal {
struct ActiveCall;
}

/// How calls are made, unless their lines say otherwise.
class CallerOptions {
  public:
    CallerOptions() {}

    /// Calls in flight in all; fewer if the method makes fewer at a time.
    std::size_t concurrency = 100;
    /// Whether each group finds its own limit of calls in flight; `concurrency` is then the most in all.
    bool adaptive_concurrency = false;
    /// Rate limits, of each group.
    std::vector<policy::RateLimit> limits;
    policy::RetryOptions retry;
    /// Time limit of a whole call with its attempts and waits, from its first send.
    Duration deadline = std::chrono::minutes(15);
    /// Sends a second copy of slow calls that are safe to repeat.
    std::optional<policy::HedgeOptions> hedge;
    /// Which redirects are followed. Each hop has the send permit of the group of its origin, and uses up no attempt.
    http::RedirectOptions redirects;
    RunRuleOptions rules;
    std::optional<CostSource> cost_from;
    /// Answers that count as refusals, beside the well-known ones, unless a line has rules of its own.
    std::vector<std::shared_ptr<const Expectation>> refusals;
    /// Sends each request once, as soon as there is room, without retries, pace or circuit breaker. Redirects are
    /// followed.
    bool once = false;
    /// Whether a later run can make the calls that get no result: calls that can't be made now are then postponed.
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
    http::CookieJar* cookies = nullptr;       ///< keeps the cookies of answers for later requests
    const Secrets* secrets = nullptr;         ///< redacted in answers and errors
    trace::SpanRecorder* recorder = nullptr;  ///< records a span for each call
    std::function<void()> on_first_send;      ///< called when a call is sent for the first time
};

/// What calls took beyond one attempt each.
struct CallerCounts {
    std::uint64_t retries = 0;   ///< attempts beyond the first
    std::uint64_t refusals = 0;  ///< attempts that were refused
    std::uint64_t copies = 0;    ///< second copies of slow attempts
    std::uint64_t copies_won = 0;
    std::uint64_t redirects = 0;  ///< followed
};

/// Makes calls, each in one or more attempts of the method, within the limits of its group.
///
/// Each attempt needs a `SendPermit` of the group: the circuit of its origin, a slot, the pace. The clock of the call's
/// deadline starts when it is first sent. A refusal is no failure, and slows the whole group. Belongs to one loop.
class Caller {
  public:
    Caller(const CallerOptions& options, CallerParts parts);
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    /// Makes a call, which outlives the task. Postponed, when it can be made later and is not made now: its group is
    /// parked, the run stops, or it was given up and is safe to repeat. Throws only `Error(storage)`, of the send log.
    Task<MadeCall> make(Call& call);

    /// From now on no attempt is sent; those in flight go on to their end.
    void stop() noexcept;
    /// Gives up the attempts in flight, too.
    void give_up() noexcept;

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

  private:
    using ActiveCall = internal::ActiveCall;

    Task<MadeCall> make_within_rules(Call& call);
    Task<MadeCall> make_admitted(Call& call, std::optional<RunRules::Reservation> reservation);
    bool try_acquire_permit(ActiveCall& active);
    Task<std::optional<AttemptsEnd>> acquire_permit(ActiveCall& active, bool is_retry);
    Task<std::optional<AttemptsEnd>> wait_for_permit(ActiveCall& active, bool is_retry);
    void begin(ActiveCall& active);
    bool is_recorded(const CallRules& rules) const noexcept;
    bool try_record(const ActiveCall& active);
    Task<std::optional<AttemptsEnd>> record(ActiveCall& active);
    Task<std::optional<AttemptsEnd>> back_off(ActiveCall& active, policy::Retry& retry, policy::RetryDecision decision);
    template <class Value>
    Task<std::optional<Value>> unless_stopped(Task<Value> wait, std::optional<TimePoint> until = std::nullopt);
    AttemptsEnd why_cut_short() const noexcept { return stopped_ ? AttemptsEnd::stopped : AttemptsEnd::late; }
    Task<AttemptsEnd> make_attempts(ActiveCall& active);
    AttemptsEnd end_without_retry(const ActiveCall& active, const policy::RetryDecision& decision);
    Task<bool> renew_credentials(ActiveCall& active);
    bool is_hedged(const CallRules& rules) const noexcept;
    Task<Attempt> send_once(ActiveCall& active);
    static bool is_late(const ActiveCall& active);
    bool met_stale_connection(const ActiveCall& active) const noexcept;
    Task<void> send_over_new_connection(ActiveCall& active);
    Task<Attempt> send_completed(ActiveCall& active);
    bool was_refused(const ActiveCall& active) const noexcept;
    Task<void> send_after_refusal(ActiveCall& active, Duration pause);
    Task<Attempt> send_hedged(ActiveCall& active);
    std::string plan_hop(ActiveCall& active);
    std::optional<CallError> why_not_followed(const ActiveCall& active, AttemptsEnd ended) const;
    static void adjust_to_redirects(ActiveCall& active, const std::string& why_not_followed);
    void learn(ActiveCall& active);
    void learn_costs(ActiveCall& active);
    policy::Costs costs_of_redirect(const policy::Costs& costs) const;
    CallRules rules_after(const ActiveCall& active, const http::RedirectStep& step, bool left_origin) const;
    RefusalRules refusal_rules(const CallRules& rules) const noexcept;
    void stop_for_account(const ActiveCall& active);
    bool stop_for_storage(const internal::ActiveCall& active);
    static policy::WaitReason why_unreachable(const ActiveCall& active);
    void park(const ActiveCall& active, policy::WaitReason reason);
    MadeCall not_sent(const Call& call, AttemptsEnd ended) const;
    MadeCall finish(ActiveCall& active, AttemptsEnd ended);
    GroupOptions group_options(std::string_view name) const;

    const CallerOptions options_;
    const CallerParts parts_;
    const std::size_t slots_in_all_;
    Semaphore slots_;
    RunRules rules_;
    KeyedCache<Group> groups_;
    KeyedCache<Origin> origins_;
    std::list<CancelScope*> waits_;  ///< waits that end when the run is stopped
    std::list<ActiveCall*> made_;    ///< calls in the order in which they were first sent
    std::size_t in_flight_ = 0;
    std::optional<policy::WaitReason> parked_;
    CallerCounts counts_;
    bool stopped_ = false;
    bool gave_up_ = false;
};

}  // namespace plait::batch
