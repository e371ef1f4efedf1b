#include "plait/batch/caller/internal/send_gate.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/base/scoped_count.hpp"
#include "plait/batch/caller/internal/active_call.hpp"
#include "plait/batch/caller/send_permit.hpp"

#include <fmt/format.h>

namespace plait::batch::internal {

namespace {

policy::WaitReason why_unreachable(const ActiveCall& active) {
    policy::WaitReason reason;
    const bool is_whole_group = active.group().name == active.origin().name;
    reason.limit = is_whole_group ? "can't be reached" : fmt::format("{} can't be reached", active.origin().name);
    return reason;
}

}  // namespace

bool SendGate::try_take_permit(ActiveCall& active) {
    if (is_closed_ || !active.permit().try_take(active.rules().costs)) return false;
    begin(active);
    return true;
}

Task<std::optional<AttemptsEnd>> SendGate::pass(ActiveCall& active, bool is_retry) {
    if (is_retry && rules_.any()) {
        std::optional<RunRules::Reservation> reservation = co_await rules_.admit_again(active.rules().costs);
        if (!reservation) co_return AttemptsEnd::stopped;
        active.reservation = std::move(*reservation);
    }
    const std::optional<AttemptsEnd> ended = co_await wait_for_permit(active, is_retry);
    if (ended || try_record(active)) co_return ended;
    co_return co_await record(active);
}

Task<std::optional<AttemptsEnd>> SendGate::wait_for_permit(ActiveCall& active, bool is_retry) {
    const CallRules& rules = active.rules();
    // A retry goes before calls that have not begun, or its deadline would pass in the queue.
    const int priority = 2 * rules.priority + (is_retry ? 1 : 0);
    const ScopedCount counted(active.group().waiting);
    const ActivityScope activity_scope(trace::Activity::permit);
    const SendPermit::Turn turn = co_await active.permit().take(rules.costs, priority);
    if (turn == SendPermit::Turn::unreachable) {
        park(active, why_unreachable(active));
        co_return AttemptsEnd::parked;
    }
    if (turn == SendPermit::Turn::parked) {
        park(active, active.group().pace.parked().value_or(policy::WaitReason()));
        co_return AttemptsEnd::parked;
    }
    // The call that stopped the run may have made room for this one.
    if (is_closed_) co_return AttemptsEnd::stopped;
    begin(active);
    co_return std::nullopt;
}

/// The call may now be sent. A call waiting for its log entry already counts as in flight.
void SendGate::begin(ActiveCall& active) {
    active.permit().begin();
    if (active.in_flight.has_begun()) return;
    active.in_flight.begin(in_flight_);
    if (parts_.on_first_send) parts_.on_first_send();
}

/// A call that was executed is recorded already.
bool SendGate::try_record(const ActiveCall& active) {
    return active.was_executed || !is_recorded(active.rules()) || parts_.sends->try_record(active.call.line);
}

Task<std::optional<AttemptsEnd>> SendGate::record(ActiveCall& active) {
    const ActivityScope activity_scope(trace::Activity::permit);
    co_await parts_.sends->record(active.call.line);
    if (!is_closed_) co_return std::nullopt;
    parts_.sends->retract(active.call.line);
    co_return AttemptsEnd::stopped;
}

void SendGate::retract(const Call& call, const CallRules& rules) const {
    if (is_recorded(rules)) parts_.sends->retract(call.line);
}

void SendGate::close() noexcept {
    is_closed_ = true;
    for (CancelScope& wait : waits_) wait.cancel();
}

void SendGate::park(const ActiveCall& active, policy::WaitReason reason) {
    reason.limit = fmt::format("{}: {}", active.group().name, reason.limit);
    if (!parked_ || parked_->until > reason.until) parked_ = std::move(reason);
}

}  // namespace plait::batch::internal
