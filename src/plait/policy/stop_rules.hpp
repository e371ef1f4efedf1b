#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace plait::policy {

/// How much of a unit a whole run may cost: five dollars.
class Budget {
  public:
    Budget(std::string_view unit_, double amount_) : unit(unit_), amount(amount_) {}

    std::string unit;
    double amount;
};

/// Reads a budget such as `usd=5` or `tokens=2M`. Throws `Error(bad_input)` that says what is wrong with `text`.
Budget parse_budget(std::string_view text);

/// Counts what a run costs against its budget: what is settled, and what is reserved for calls that have not ended.
class BudgetRule {
  public:
    explicit BudgetRule(Budget budget) noexcept : budget_(std::move(budget)) {}

    /// Reserves `cost` for a call; false when it does not fit, and nothing is reserved.
    bool reserve(double cost) noexcept;
    /// A call for which `reserved` was kept has cost `actual`.
    void settle(double reserved, double actual) noexcept { spent_ += actual - reserved; }

    double spent() const noexcept { return spent_; }
    /// One sentence, for the end of a run that stopped because of it.
    std::string reason() const;

    const Budget& budget() const noexcept { return budget_; }

  private:
    Budget budget_;
    double spent_ = 0;
};

/// When a run with many bad ends is stopped: `failed>20% of 200`, or `failed>50`.
class StopIf {
  public:
    std::string outcome;   ///< the name of the bad end: `failed`, `rejected`
    double more_than = 0;  ///< a count, or hundredths of the last `of`
    std::size_t of = 0;    ///< how many ends are looked at; 0: all, and `more_than` is a count

    StopIf() noexcept {}
};

/// Reads a rule such as `failed>20% of 200` (more than a fifth of the last 200 ends) or `failed>50` (the 51st). Throws
/// `Error(bad_input)` that says what is wrong with `text`; which outcomes there are the caller knows.
StopIf parse_stop_if(std::string_view text);

/// Decides by a `StopIf` from the ends in their order.
class StopIfRule {
  public:
    explicit StopIfRule(StopIf rule) noexcept : rule_(std::move(rule)) {}

    /// One more call has ended; true when the run is to stop. A share is not judged before there are `of` ends.
    bool ended(std::string_view outcome);

    /// One sentence, for the end of a run that stopped because of it.
    std::string reason() const;

  private:
    StopIf rule_;
    std::deque<bool> last_;
    std::size_t bad_ = 0;
};

/// Lets the first calls of a run show that the rest is worth sending: until they have ended well, no others are.
class Canary {
  public:
    explicit Canary(std::size_t calls) noexcept : calls_(calls) {}

    /// Whether one more call may begin now; it then counts as begun.
    bool begin() noexcept;
    /// One of the calls has ended. `problem` says what speaks against the rest (a key that is refused, a server that
    /// can't be reached), and is empty when nothing does.
    void ended(std::string_view problem);

    /// All of the first calls have ended and nothing speaks against the rest.
    bool passed() const noexcept { return problem_.empty() && ended_ >= calls_; }
    /// One sentence why the run is to stop; nothing while it is not.
    std::optional<std::string> reason() const;

  private:
    std::size_t calls_;
    std::size_t begun_ = 0;
    std::size_t ended_ = 0;
    std::string problem_;
};

}  // namespace plait::policy
