#include "plait/batch/caller/hedged_attempt.hpp"

#include <optional>

namespace plait::batch {

/// One of the copies, when it has ended.
class HedgedAttempt::Copy {
  public:
    Copy(Attempt attempt_, bool is_second_) noexcept : attempt(std::move(attempt_)), is_second(is_second_) {}

    Attempt attempt;
    bool is_second;
};

/// The slot of the origin, for a copy whose turn has come.
class HedgedAttempt::OriginSlot final : public policy::HeldSlot {
  public:
    OriginSlot(std::optional<policy::FixedLimit>& limit, std::optional<policy::FixedLimit::Permit>& permit) noexcept
        : limit_(limit), permit_(permit) {}

    bool may_begin() const noexcept override { return true; }
    void begin() noexcept override {}
    bool take_rest() noexcept override {
        if (limit_) permit_ = limit_->try_enter();
        return !limit_ || permit_;
    }
    void give_back_rest() noexcept override { permit_.reset(); }

  private:
    std::optional<policy::FixedLimit>& limit_;
    std::optional<policy::FixedLimit::Permit>& permit_;
};

Task<Attempt> HedgedAttempt::run() {
    auto make = [this] { return send_copy(++copies_); };
    auto admit = [this] { return admit_second(); };
    const auto is_answer = [](const Copy& copy) { return copy.attempt.response() != nullptr; };
    Copy first_answer = co_await group_.hedge.run(make, admit, is_answer);
    second_won_ = first_answer.is_second;
    co_return std::move(first_answer.attempt);
}

Task<HedgedAttempt::Copy> HedgedAttempt::send_copy(int number) {
    Attempt attempt = co_await send_();
    co_return Copy(std::move(attempt), number > 1);
}

/// Waits until the second copy may be sent. False: it may not.
Task<bool> HedgedAttempt::admit_second() {
    std::optional<RunRules::Reservation> reservation = run_rules_.try_reserve(call_rules_.costs);
    if (!reservation) co_return false;
    OriginSlot slot(origin_.in_flight, origin_slot_);
    permit_ = co_await group_.pace.enter(call_rules_.costs, 2 * call_rules_.priority + 1, &slot);
    if (!permit_) co_return false;
    reservation->settle(call_rules_.costs);  // nobody will say what the losing copy costs
    co_return true;
}

}  // namespace plait::batch
