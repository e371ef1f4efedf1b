#pragma once

#include "plait/async/activity_scope.hpp"
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
    /// The same while the budget finds that retries help: at a server that fails 40 % of the attempts by chance, five
    /// attempts leave one call in a hundred without an answer, and fifteen one in a million.
    int most_attempts = 15;
    /// The longest wait after the first attempt; it doubles with each attempt, up to `longest_delay`.
    Duration first_delay = std::chrono::milliseconds(500);
    Duration longest_delay = std::chrono::seconds(60);
    /// The longest wait that is obeyed when one is asked for.
    Duration max_wait = std::chrono::minutes(10);
    /// A requested wait is extended at random by up to this fraction (jitter).
    double spread = 0.1;
    /// How long a retry waits for its budget before the call ends as the last attempt did. That is longer than the
    /// waits between five attempts take together: a server that comes back within this time meets the retry.
    Duration budget_patience = std::chrono::seconds(20);
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
    /// The same of a failure: it tells nothing good of the server.
    static AttemptEnd final_failure() noexcept {
        AttemptEnd end = final();
        end.is_good_ = false;
        return end;
    }
    /// `wait`: at least this long, when the server said so.
    static AttemptEnd repeatable(std::optional<Duration> wait = std::nullopt) noexcept {
        return {Kind::repeatable, wait};
    }
    /// The server is overloaded, and says so: its retries are bounded by the pace, and count for no budget.
    static AttemptEnd overloaded() noexcept {
        AttemptEnd end = repeatable();
        end.is_rationed_ = false;
        return end;
    }
    static AttemptEnd asked_to_wait(std::optional<Duration> wait = std::nullopt) noexcept {
        return {Kind::asked_to_wait, wait};
    }

    Kind kind() const noexcept { return kind_; }
    std::optional<Duration> wait() const noexcept { return wait_; }
    /// Whether the server was well.
    bool is_good() const noexcept { return is_good_; }
    /// Whether a retry counts for a budget.
    bool is_rationed() const noexcept { return is_rationed_; }

  private:
    AttemptEnd(Kind kind, std::optional<Duration> wait) noexcept
        : kind_(kind), wait_(wait), is_good_(kind == Kind::final), is_rationed_(kind == Kind::repeatable) {}
    Kind kind_;
    std::optional<Duration> wait_;
    bool is_good_;
    bool is_rationed_;
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
        budget_used_up,      ///< stop: no retry is left for a server that gives no good answers
        back_off,            ///< again, after a random wait
        asked                ///< again, after the wait that was asked for
    };

    Why why = Why::final;
    Duration wait{};
    bool counts = false;  ///< for a budget of retries: a failure, after which nobody asked for another attempt

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
            const bool is_due = co_await wait(decision);
            if (!is_due) co_return value;
        }
    }

    /// The parts of `run`, for who has more to do between them. What comes after one more attempt of `history`, which
    /// ended with `end`.
    RetryDecision after(AttemptHistory& history, const AttemptEnd& end);

    /// Waits until the next attempt is due; false when the budget has no room for it in time.
    Task<bool> wait(RetryDecision decision);

  private:
    RetryOptions options_now() const;

    RetryOptions options_;
    Random& random_;
    RetryBudget* budget_;
};

}  // namespace plait::policy
