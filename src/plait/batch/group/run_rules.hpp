#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/policy/pace/costs.hpp"
#include "plait/policy/stop_rules.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace plait::batch {

/// Rules that stop a run before it costs more.
class RunRuleOptions {
  public:
    RunRuleOptions() noexcept {}

    std::vector<policy::Budget> budgets;
    std::vector<policy::StopIf> stop_rules;
    std::size_t canary = 0;  ///< so many calls show first that the rest is worth sending; 0: none
};

/// Decides whether further calls may be made, by what calls cost and how they ended. Belongs to one loop.
class RunRules {
  public:
    explicit RunRules(RunRuleOptions options);
    RunRules(const RunRules&) = delete;
    RunRules& operator=(const RunRules&) = delete;

    /// The amount reserved in the budgets for an attempt. Unless settled, it is given back when this object is
    /// destroyed, because the attempt was not made. The rules outlive it.
    class Reservation {
      public:
        Reservation(Reservation&& other) noexcept
            : rules_(std::exchange(other.rules_, nullptr)), costs_(std::move(other.costs_)) {}
        Reservation& operator=(Reservation&& other) noexcept {
            std::swap(rules_, other.rules_);
            std::swap(costs_, other.costs_);
            return *this;
        }
        ~Reservation() {
            if (rules_) settle(policy::Costs(policy::requests_unit, 0));
        }

        /// The attempt has ended, at this cost.
        void settle(const policy::Costs& actual) { std::exchange(rules_, nullptr)->settle(costs_, actual); }

      private:
        friend class RunRules;
        Reservation(RunRules& rules, const policy::Costs& costs) : rules_(&rules), costs_(costs) {}
        RunRules* rules_;
        policy::Costs costs_;
    };

    /// Whether a call may be made.
    class Admission {
      public:
        enum class Verdict {
            go,     ///< say how it ended, or that it was dropped
            never,  ///< it costs more than a whole budget
            stop    ///< the run is to stop: `stop_reason` says why
        };

        Admission(Verdict verdict_) noexcept : verdict(verdict_) {}
        explicit Admission(Reservation reservation_) : verdict(Verdict::go), reservation(std::move(reservation_)) {}

        Verdict verdict;
        std::optional<Reservation> reservation;  ///< of its first attempt
    };

    /// Whether there are any rules.
    bool any() const noexcept { return any_; }

    /// Waits until it is known whether a call may be made whose attempts cost this much: the canary must have ended
    /// well, and an attempt must fit in the budgets, beside the reserved amounts. Calls are admitted in the order in
    /// which they came.
    Task<Admission> admit(const policy::Costs& costs);

    /// Waits until another attempt of an admitted call fits in the budgets, ahead of calls that have not begun. Returns
    /// nothing when the run must stop.
    Task<std::optional<Reservation>> admit_again(const policy::Costs& costs);

    /// Returns nothing if this does not fit in the budgets now.
    std::optional<Reservation> try_reserve(const policy::Costs& costs);

    /// An admitted call has ended.
    void ended(const CallEnd& end);

    /// An admitted call was not made.
    void dropped();

    /// Why the run must stop, a sentence; nothing while it may go on.
    const std::optional<std::string>& stop_reason() const noexcept { return stop_reason_; }

    /// Stops the run for this reason, unless there is one already.
    void stop(std::string reason);

    /// Whether a budget is the reason.
    bool is_budget_used_up() const noexcept { return is_used_up_; }

    /// Adds the costs of earlier runs of the same calls.
    void spent_before(const policy::Costs& costs);

    /// Returns the costs so far, with the reserved amounts, of the units that have a budget.
    policy::Costs spent() const;

    /// The budgets, and how much of them is spent.
    const std::vector<policy::BudgetRule>& budgets() const noexcept { return budgets_; }

  private:
    void settle(const policy::Costs& reserved, const policy::Costs& actual);
    void stop_as_used_up(const policy::Costs& costs);

    std::vector<policy::BudgetRule> budgets_;
    std::vector<policy::StopIfRule> stop_rules_;
    policy::Canary canary_;
    bool any_;
    Semaphore turn_{1};  // of who waits for admission
    Event changed_{trace::Wait::permit};
    std::size_t admitted_ = 0;  // and not ended
    std::size_t again_ = 0;     // of those, the ones that wait for room for another attempt
    std::optional<std::string> stop_reason_;
    bool is_used_up_ = false;
};

}  // namespace plait::batch
