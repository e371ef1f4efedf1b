#pragma once

#include "plait/async/doing.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/policy/random.hpp"
#include "plait/policy/retry_budget.hpp"
#include "plait/trace/activity.hpp"

#include <chrono>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace plait::policy {

/// How often, and after which waits, a call is tried again.
struct RetryOptions {
    int max_attempts = 5;  ///< those that were asked to wait are not counted
    /// The longest wait after the first attempt; it doubles with each attempt, up to `longest_delay`.
    Duration first_delay = std::chrono::milliseconds(500);
    Duration longest_delay = std::chrono::seconds(60);
    /// The longest wait that is obeyed when one is asked for.
    Duration max_wait = std::chrono::minutes(10);
    /// What is asked for is waited for by up to this share longer.
    double spread = 0.1;
};

/// How an attempt ended, in the words of who made it: it knows which failures and answers are worth another one, and
/// whether the call is safe to repeat.
class AttemptEnd {
  public:
    enum class Kind {
        final,         ///< an answer, or a failure that another attempt would not change or must not repeat
        repeatable,    ///< another attempt may do better
        asked_to_wait  ///< no failure: the server wants the same later
    };

    static AttemptEnd final() noexcept { return {Kind::final, std::nullopt}; }
    /// `wait`: at least this long, when the server said so.
    static AttemptEnd repeatable(std::optional<Duration> wait = std::nullopt) noexcept {
        return {Kind::repeatable, wait};
    }
    static AttemptEnd asked_to_wait(std::optional<Duration> wait = std::nullopt) noexcept {
        return {Kind::asked_to_wait, wait};
    }

    Kind kind() const noexcept { return kind_; }
    std::optional<Duration> wait() const noexcept { return wait_; }

  private:
    AttemptEnd(Kind kind, std::optional<Duration> wait) noexcept : kind_(kind), wait_(wait) {}
    Kind kind_;
    std::optional<Duration> wait_;
};

/// The attempts of a call so far.
struct AttemptHistory {
    int attempts = 0;                     ///< that are counted
    int times_asked_to_wait = 0;          ///< without another end in between
    std::optional<TimePoint> deadline{};  ///< of the call, with its waits
};

/// What comes after an attempt.
struct RetryDecision {
    enum class Why {
        final,               ///< stop: the attempt's end is the call's
        attempts_used_up,    ///< stop
        past_deadline,       ///< stop: the wait would end after the deadline
        asked_for_too_long,  ///< stop: the server wants to see us again later than we wait
        back_off,            ///< again, after a random wait
        asked                ///< again, after the wait that was asked for
    };

    Why why = Why::final;
    Duration wait{};
    bool counts = false;  ///< for a budget of repeats: a failure, after which nobody asked for another attempt

    bool again() const noexcept { return why == Why::back_off || why == Why::asked; }
};

/// The name of `why` as files and messages spell it.
std::string_view to_string(RetryDecision::Why why) noexcept;

/// What comes after an attempt that ended with `end`. The wait is drawn evenly from nothing up to a bound that doubles
/// ("full jitter": M. Brooker, "Exponential Backoff And Jitter", 2015), or is the one that was asked for and a bit
/// more.
RetryDecision decide(const AttemptHistory& history, const AttemptEnd& end, const RetryOptions& options, TimePoint now,
                     Random& random);

/// Makes attempts until one is final or no other is due.
class Retry {
  public:
    /// `random` and `budget`, which may be null, outlive this.
    Retry(const RetryOptions& options, Random& random, RetryBudget* budget = nullptr) noexcept
        : options_(options), random_(random), budget_(budget) {}

    /// `make()` starts an attempt: it returns a Task, whose value says how it ended. `judge(value)` is its
    /// `AttemptEnd`. `note(value, decision)` learns what comes after each attempt. The value of the last attempt. What
    /// an attempt throws ends the call. All three functions, and this, outlive the task.
    ///
    /// With a `deadline` no wait is begun that would end after it; that the attempts end by then is up to a `within`
    /// around the whole.
    template <class Make, class Judge, class Note>
    auto run(Make& make, Judge& judge, Note& note, std::optional<TimePoint> deadline = std::nullopt)
        -> std::invoke_result_t<Make&> {
        AttemptHistory history;
        history.deadline = deadline;
        for (;;) {
            auto attempt = make();
            auto value = co_await std::move(attempt);
            const RetryDecision decision = after(history, judge(std::as_const(value)));
            note(value, decision);
            if (!decision.again()) co_return value;
            co_await wait(decision);
        }
    }

    /// The parts of `run`, for who has more to do between them. What comes after one more attempt of `history`, which
    /// ended with `end`.
    RetryDecision after(AttemptHistory& history, const AttemptEnd& end);

    /// Waits until the next attempt is due.
    Task<void> wait(RetryDecision decision);

  private:
    RetryOptions options_;
    Random& random_;
    RetryBudget* budget_;
};

}  // namespace plait::policy
