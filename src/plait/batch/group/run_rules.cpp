#include "plait/batch/group/run_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace plait::batch {

namespace {

double cost_of(const policy::Costs& costs, const policy::BudgetRule& rule) noexcept {
    return costs.get(rule.budget().unit).value_or(0);
}

/// Why more calls like this one should not be sent; empty if there is no reason.
std::string problem_of(const CallEnd& end) {
    if (end.response && (end.response->status == 401 || end.response->status == 403)) {
        return fmt::format("status {}, so the key or its rights are wrong", end.response->status);
    }
    if (!end.error || end.response) return "";
    switch (end.error->code) {
        case ErrorCode::dns:
        case ErrorCode::connect:
        case ErrorCode::tls:
            return end.error->message;
        default:
            return "";
    }
}

/// Counts a waiting task, and wakes the others when it ends.
class Waiting {
  public:
    Waiting(std::size_t& count, Event& over) noexcept : count_(count), over_(over) { ++count_; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
        --count_;
        over_.set();
    }

  private:
    std::size_t& count_;
    Event& over_;
};

}  // namespace

RunRules::RunRules(RunRuleOptions options) : canary_(options.canary) {
    any_ = options.canary > 0 || !options.budgets.empty() || !options.stop_rules.empty();
    for (policy::Budget& budget : options.budgets) budgets_.emplace_back(std::move(budget));
    for (policy::StopIf& rule : options.stop_rules) stop_rules_.emplace_back(std::move(rule));
}

Task<RunRules::Admission> RunRules::admit(const policy::Costs& costs) {
    const auto is_too_much = [&costs](const policy::BudgetRule& rule) {
        return cost_of(costs, rule) > rule.budget().amount;
    };
    if (std::any_of(budgets_.begin(), budgets_.end(), is_too_much)) co_return Admission::Verdict::never;
    const auto turn = co_await turn_.acquire();
    for (;;) {
        if (stop_reason_) co_return Admission::Verdict::stop;
        if (again_ == 0) {
            if (std::optional<Reservation> reservation = try_reserve(costs)) {
                if (canary_.passed() || canary_.begin()) {
                    ++admitted_;
                    co_return Admission(std::move(*reservation));
                }
            } else if (admitted_ == 0) {
                stop_as_used_up(costs);
                co_return Admission::Verdict::stop;
            }
        }
        changed_.reset();
        co_await changed_.wait();
    }
}

Task<std::optional<RunRules::Reservation>> RunRules::admit_again(const policy::Costs& costs) {
    const Waiting waiting(again_, changed_);
    for (;;) {
        if (stop_reason_) co_return std::nullopt;
        if (std::optional<Reservation> reservation = try_reserve(costs)) co_return std::move(*reservation);
        if (again_ == admitted_) {  // nothing comes back any more
            stop_as_used_up(costs);
            co_return std::nullopt;
        }
        changed_.reset();
        co_await changed_.wait();
    }
}

std::optional<RunRules::Reservation> RunRules::try_reserve(const policy::Costs& costs) {
    for (std::size_t i = 0; i < budgets_.size(); ++i) {
        if (budgets_[i].reserve(cost_of(costs, budgets_[i]))) continue;
        while (i-- > 0) budgets_[i].settle(cost_of(costs, budgets_[i]), 0);
        return std::nullopt;
    }
    return Reservation(*this, costs);
}

void RunRules::ended(const CallEnd& end) {
    --admitted_;
    if (!canary_.passed()) {
        canary_.ended(problem_of(end));
        if (auto reason = canary_.reason()) stop(std::move(*reason));
    }
    for (policy::StopIfRule& rule : stop_rules_) {
        if (rule.ended(to_string(end.outcome))) stop(rule.reason());
    }
    changed_.set();
}

void RunRules::dropped() {
    --admitted_;
    changed_.set();
}

void RunRules::spent_before(const policy::Costs& costs) {
    for (policy::BudgetRule& rule : budgets_) {
        for (const auto& [unit, amount] : costs) {
            if (unit == rule.budget().unit) rule.settle(0, amount);
        }
    }
}

policy::Costs RunRules::spent() const {
    policy::Costs spent;
    for (const policy::BudgetRule& rule : budgets_) spent.set(rule.budget().unit, rule.spent());
    return spent;
}

void RunRules::settle(const policy::Costs& reserved, const policy::Costs& actual) {
    for (policy::BudgetRule& rule : budgets_) rule.settle(cost_of(reserved, rule), cost_of(actual, rule));
    changed_.set();
}

void RunRules::stop(std::string reason) {
    if (!stop_reason_) stop_reason_ = std::move(reason);
    changed_.set();
}

void RunRules::stop_as_used_up(const policy::Costs& costs) {
    const auto used_up = std::find_if(budgets_.begin(), budgets_.end(),
                                      [&](policy::BudgetRule rule) { return !rule.reserve(cost_of(costs, rule)); });
    is_used_up_ = !stop_reason_;
    stop(used_up->reason());
}

}  // namespace plait::batch
