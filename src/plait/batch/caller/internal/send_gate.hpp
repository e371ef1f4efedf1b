#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/caller/caller_options.hpp"
#include "plait/batch/caller/internal/listed.hpp"
#include "plait/batch/group/run_rules.hpp"
#include "plait/batch/verdict/call_conclusion.hpp"
#include "plait/policy/pace/server_limits.hpp"

#include <cstddef>
#include <optional>
#include <utility>

namespace plait::batch::internal {

struct ActiveCall;

/// What each attempt passes before it is sent: room in the budgets of the run, the send permit, and its record in the
/// send log. It is closed when the run is stopped.
///
/// A result of `AttemptsEnd` says why the attempt must not be sent; nothing: it may. Belongs to the loop of its caller,
/// which outlives it.
class SendGate {
  public:
    SendGate(const CallerParts& parts, RunRules& rules) noexcept : parts_(parts), rules_(rules) {}

    /// Takes the send permit if that takes no time. The call's first attempt has been admitted by the budgets.
    bool try_take_permit(ActiveCall& active);
    /// Passes, waiting for each part to become free. A retry needs room in the budgets, too.
    Task<std::optional<AttemptsEnd>> pass(ActiveCall& active, bool is_retry);

    /// Whether the send log must know of the call before it is sent.
    bool is_recorded(const CallRules& rules) const noexcept { return parts_.sends && !rules.safe_to_repeat; }
    /// Records the send, if it must be. False when that takes time.
    bool try_record(const ActiveCall& active);
    Task<std::optional<AttemptsEnd>> record(ActiveCall& active);
    /// Takes back the record: the request was surely not executed.
    void retract(const Call& call, const CallRules& rules) const;

    /// From now on no attempt passes, and the waits of `unless_stopped` end.
    void close() noexcept;
    bool is_closed() const noexcept { return is_closed_; }

    /// Awaits `wait`. Returns nothing if the gate was closed, or the time came, first.
    template <class Value>
    Task<std::optional<Value>> unless_stopped(Task<Value> wait, std::optional<TimePoint> until = std::nullopt) {
        if (is_closed_) co_return std::nullopt;
        CancelScope scope = until ? CancelScope(*until) : CancelScope();
        const Listed listed(waits_, scope);
        co_return co_await scope.run(std::move(wait));
    }
    /// Why such a wait, with a time, has ended early.
    AttemptsEnd why_cut_short() const noexcept { return is_closed_ ? AttemptsEnd::stopped : AttemptsEnd::late; }

    /// Notes that the group of the call is parked, for the reason why the run is left unfinished.
    void park(const ActiveCall& active, policy::WaitReason reason);
    /// The first of the parked groups, and until when.
    const std::optional<policy::WaitReason>& parked() const noexcept { return parked_; }

    /// Calls whose first attempt has its permit, and that have not ended.
    std::size_t in_flight() const noexcept { return in_flight_; }

  private:
    Task<std::optional<AttemptsEnd>> wait_for_permit(ActiveCall& active, bool is_retry);
    void begin(ActiveCall& active);

    const CallerParts& parts_;
    RunRules& rules_;
    ListOf<CancelScope> waits_;  ///< that end when it is closed
    std::size_t in_flight_ = 0;
    std::optional<policy::WaitReason> parked_;
    bool is_closed_ = false;
};

}  // namespace plait::batch::internal
