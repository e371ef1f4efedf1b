#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/group/group.hpp"
#include "plait/batch/group/run_rules.hpp"
#include "plait/policy/fixed_limit.hpp"
#include "plait/policy/pace/pace.hpp"

#include <functional>
#include <optional>
#include <utility>

namespace plait::batch {

/// An attempt of which a second copy is sent if it is slow; the first answer wins, and the other copy is cancelled.
/// Only for calls that are safe to repeat.
///
/// The second copy needs room in the budgets, a free slot of its origin and the pace of its group, like any attempt;
/// without, it is not sent.
class HedgedAttempt {
  public:
    /// Sends a copy.
    using Send = std::function<Task<Attempt>()>;

    /// All but `send` outlive it.
    HedgedAttempt(Group& group, Origin& origin, RunRules& run_rules, const CallRules& call_rules, Send send)
        : group_(group), origin_(origin), run_rules_(run_rules), call_rules_(call_rules), send_(std::move(send)) {}

    /// Sends it, and waits for the first answer, or the last failure. This object outlives the task.
    Task<Attempt> run();

    /// Copies that were begun.
    int copies() const noexcept { return copies_; }
    bool second_won() const noexcept { return second_won_; }

  private:
    class Copy;
    class OriginSlot;

    Task<Copy> send_copy(int number);
    Task<bool> admit_second();

    Group& group_;
    Origin& origin_;
    RunRules& run_rules_;
    const CallRules& call_rules_;
    const Send send_;
    // Of the second copy.
    std::optional<policy::FixedLimit::Permit> origin_slot_;
    std::optional<policy::Pace::Permit> permit_;
    int copies_ = 0;
    bool second_won_ = false;
};

}  // namespace plait::batch
