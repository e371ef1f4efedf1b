#pragma once

#include "plait/async/event.hpp"
#include "plait/async/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/batch/call_end.hpp"
#include "plait/policy/costs.hpp"
#include "plait/policy/stop_rules.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace plait::batch {

/// What may stop a whole run before it costs.
class RunRuleOptions {
  public:
    RunRuleOptions() noexcept {}

    std::vector<policy::Budget> budgets;
    std::vector<policy::StopIf> stop_rules;
    std::size_t canary = 0;  ///< so many calls show first that the rest is worth sending; 0: none
};

/// Decides which calls of a run are still worth sending, from how the others ended. Belongs to one loop.
class RunRules {
  public:
    explicit RunRules(RunRuleOptions options);
    RunRules(const RunRules&) = delete;
    RunRules& operator=(const RunRules&) = delete;

    enum class Admission {
        go,     ///< its costs are reserved: tell how it ended
        never,  ///< it costs more than a whole budget
        stop    ///< the run is to stop: `stop_reason` says why
    };

    /// Whether there are any rules.
    bool any() const noexcept { return any_; }

    /// Waits until it is known whether a call of these costs may be made: the first calls have to have ended well, and
    /// what it costs has to fit in the budgets, where calls that have not ended count with what they may cost. Calls
    /// are admitted in the order in which they came.
    Task<Admission> admit(const policy::Costs& costs);

    /// An admitted call has ended, and really cost this much.
    void ended(const policy::Costs& reserved, const policy::Costs& actual, const CallEnd& end);

    /// An admitted call was not made.
    void dropped(const policy::Costs& reserved);

    /// One sentence why the run is to stop; nothing while it may go on.
    const std::optional<std::string>& stop_reason() const noexcept { return stop_reason_; }

    /// Costs that an earlier run of the same calls had; nothing of the units that it does not name.
    void spent_before(const policy::Costs& costs);

    /// What all calls cost so far, of the units that have a budget; those that have not ended, what they may cost.
    policy::Costs spent() const;

    /// What the calls cost so far, of the units that have a budget.
    const std::vector<policy::BudgetRule>& budgets() const noexcept { return budgets_; }

  private:
    bool reserve(const policy::Costs& costs);
    void settle(const policy::Costs& reserved, const policy::Costs& actual);
    void give_back(const policy::Costs& reserved);
    void stop(std::string reason);

    std::vector<policy::BudgetRule> budgets_;
    std::vector<policy::StopIfRule> stop_rules_;
    policy::Canary canary_;
    bool any_;
    Semaphore turn_{1};  // of who waits for admission
    Event changed_{trace::Wait::permit};
    std::size_t admitted_ = 0;  // and not ended
    std::optional<std::string> stop_reason_;
};

}  // namespace plait::batch
