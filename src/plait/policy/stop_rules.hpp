#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace plait::policy {

/// The most that a whole run may spend of a unit, such as five dollars.
class Budget {
  public:
    Budget(std::string_view unit_, double amount_) : unit(unit_), amount(amount_) {}

    std::string unit;
    double amount;
};

/// Reads a budget such as `usd=5` or `tokens=2M`. Throws `Error(bad_input)` that says what is wrong with `text`.
Budget parse_budget(std::string_view text);

/// Counts the costs of a run against its budget: settled ones, and those reserved for calls in flight.
class BudgetRule {
  public:
    explicit BudgetRule(Budget budget) noexcept : budget_(std::move(budget)) {}

    /// Reserves `cost` for a call. Returns false, and reserves nothing, when it does not fit.
    bool reserve(double cost) noexcept;
    /// Replaces what was reserved for a call with its actual cost.
    void settle(double reserved, double actual) noexcept { spent_ += actual - reserved; }

    double spent() const noexcept { return spent_; }
    /// One sentence that says why the run stopped.
    std::string reason() const;

    const Budget& budget() const noexcept { return budget_; }

  private:
    Budget budget_;
    double spent_ = 0;
};

/// A rule that stops a run with too many bad outcomes: `failed>20% of 200`, or `failed>50`.
class StopIf {
  public:
    std::string outcome;   ///< the bad outcome: `failed`, `rejected`
    double more_than = 0;  ///< a count, or a percentage of the last `of`
    std::size_t of = 0;    ///< how many of the last calls count; 0: all, and `more_than` is a count

    StopIf() noexcept {}
};

/// Reads a rule such as `failed>20% of 200` (more than a fifth of the last 200 calls) or `failed>50` (the 51st). Throws
/// `Error(bad_input)` that says what is wrong with `text`. The caller checks the name of the outcome.
StopIf parse_stop_if(std::string_view text);

/// Applies a `StopIf` to the outcomes, in order.
class StopIfRule {
  public:
    explicit StopIfRule(StopIf rule) noexcept : rule_(std::move(rule)) {}

    /// Counts a call that has ended. Returns whether the run should stop. A percentage applies from `of` calls on.
    bool ended(std::string_view outcome);

    /// One sentence that says why the run stopped.
    std::string reason() const;

  private:
    StopIf rule_;
    std::deque<bool> last_;
    std::size_t bad_ = 0;
};

/// Holds back the rest of a run until its first calls have ended well.
class Canary {
  public:
    explicit Canary(std::size_t calls) noexcept : calls_(calls) {}

    /// Returns whether one more call may begin now, and counts it if so.
    bool begin() noexcept;
    /// One of the calls has ended. `problem` is the reason not to send the rest (a refused key, an unreachable server),
    /// or empty.
    void ended(std::string_view problem);

    /// Whether all of the first calls have ended without a problem.
    bool passed() const noexcept { return problem_.empty() && ended_ >= calls_; }
    /// One sentence that says why the run should stop; nullopt while it should not.
    std::optional<std::string> reason() const;

  private:
    std::size_t calls_;
    std::size_t begun_ = 0;
    std::size_t ended_ = 0;
    std::string problem_;
};

}  // namespace plait::policy
