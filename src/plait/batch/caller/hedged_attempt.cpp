#include "plait/batch/caller/hedged_attempt.hpp"

#include <optional>
#include <variant>

namespace plait::batch {

/// One of the copies, when it has ended.
class HedgedAttempt::Copy {
  public:
    Copy(Attempt attempt_, bool is_second_) noexcept : attempt(std::move(attempt_)), is_second(is_second_) {}

    Attempt attempt;
    bool is_second;
};

Task<Attempt> HedgedAttempt::run() {
    auto make = [this] { return send_copy(++copies_); };
    auto admit = [this] { return admit_second(); };
    const auto is_answer = [](const Copy& copy) { return std::holds_alternative<http::Response>(copy.attempt); };
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
    if (origin_.in_flight) {
        place_ = origin_.in_flight->try_enter();
        if (!place_) co_return false;
    }
    permit_ = co_await group_.pace.enter(call_rules_.costs, 2 * call_rules_.priority + 1);
    if (!permit_) co_return false;
    reservation->settle(call_rules_.costs);  // nobody will say what the losing copy costs
    co_return true;
}

}  // namespace plait::batch
