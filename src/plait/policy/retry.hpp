#pragma once

#include "plait/async/activity_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/random.hpp"
#include "plait/policy/retry_budget.hpp"
#include "plait/trace/activity.hpp"

#include <chrono>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace plait::policy {

/// How often a call is retried, and after which waits.
struct RetryOptions {
    int max_attempts = 5;  ///< attempts that were asked to wait do not count
    /// The maximum while retries prove to help. At a server that fails 40 % of the attempts at random, five attempts
    /// leave one call in a hundred without an answer, fifteen one in a million.
    int max_attempts_while_helpful = 15;
    /// The longest wait after the first attempt; it doubles with each attempt, up to `longest_delay`.
    Duration first_delay = std::chrono::milliseconds(500);
    Duration longest_delay = std::chrono::seconds(60);
    /// The longest requested wait that is obeyed.
    Duration max_wait = std::chrono::minutes(10);
    /// A requested wait is extended at random by up to this fraction (jitter).
    double spread = 0.1;
    /// How long a retry waits for its budget before the call ends as its last attempt did. It exceeds the waits
    /// between five attempts taken together, so that a server that recovers within this time still sees the retry.
    Duration budget_patience = std::chrono::seconds(20);
};

/// How an attempt ended, as its caller sees it: the caller knows which failures and answers are worth a retry, and
/// whether the call is safe to repeat.
class AttemptEnd {
  public:
    enum class Kind {
        final,         ///< an answer, or a failure that a retry would not change or must not repeat
        repeatable,    ///< a retry may do better
        asked_to_wait  ///< no failure: the server wants the same later
    };

    static AttemptEnd final() noexcept { return {Kind::final, std::nullopt}; }
    /// A final failure: no evidence that the server is well.
    static AttemptEnd final_failure() noexcept {
        AttemptEnd end = final();
        end.is_good_ = false;
        return end;
    }
    /// `wait`: the least wait, if the server asked for one.
    static AttemptEnd repeatable(std::optional<Duration> wait = std::nullopt) noexcept {
        return {Kind::repeatable, wait};
    }
    /// The server says that it is overloaded: the pace bounds the retries, and they count for no budget.
    static AttemptEnd overloaded() noexcept {
        AttemptEnd end = repeatable();
        end.is_rationed_ = false;
        return end;
    }
    /// The server was well, but another attempt is wanted: it counts for no budget.
    static AttemptEnd wanted(std::optional<Duration> wait = std::nullopt) noexcept {
        AttemptEnd end = repeatable(wait);
        end.is_good_ = true;
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
    int attempts = 0;                     ///< that count
    int times_asked_to_wait = 0;          ///< in a row
    std::optional<TimePoint> deadline{};  ///< of the call, including its waits
};

/// What comes after an attempt.
struct RetryDecision {
    enum class Why {
        final,               ///< stop: the call ends as the attempt did
        attempts_used_up,    ///< stop
        past_deadline,       ///< stop: the wait would end after the deadline
        asked_for_too_long,  ///< stop: the requested wait is longer than `max_wait`
        budget_used_up,      ///< stop: the server gives no good answers, and no retry is left
        back_off,            ///< retry after a random wait
        asked                ///< retry after the requested wait
    };

    Why why = Why::final;
    Duration wait{};
    bool counts = false;  ///< against the retry budget: after a failure, not after a requested wait

    bool again() const noexcept { return why == Why::back_off || why == Why::asked; }
};

/// The name of `why` as files and messages spell it.
std::string_view to_string(RetryDecision::Why why) noexcept;

/// Returns what follows an attempt that ended with `end`. The wait is drawn uniformly between zero and a bound that
/// doubles ("full jitter": M. Brooker, "Exponential Backoff And Jitter", 2015), or is the requested one plus jitter.
RetryDecision decide(const AttemptHistory& history, const AttemptEnd& end, const RetryOptions& options, TimePoint now,
                     Random& random);

/// Makes attempts until one is final or no other is due.
class Retry {
    struct Ignore {
        template <class Value>
        void operator()(const Value&, const RetryDecision&) const noexcept {}
    };

  public:
    /// `random` and `budget`, which may be null, outlive this.
    Retry(const RetryOptions& options, Random& random, RetryBudget* budget = nullptr) noexcept
        : options_(options), random_(random), budget_(budget) {}

    /// Makes attempts until one is final or no other is due, and returns the value of the last.
    ///
    ///     policy::Retry retry(policy::RetryOptions(), random);
    ///     const int status = co_await retry.run(
    ///         [&] { return status_of(session, url); },    // a Task<int>
    ///         [](int status) { return status >= 500 ? AttemptEnd::repeatable() : AttemptEnd::final(); });
    ///
    /// `make()` starts an attempt: it returns a Task. `judge(value)` returns the attempt's `AttemptEnd`. `note(value,
    /// decision)` is called with what comes after each attempt. An error that an attempt throws ends the call and is
    /// thrown. With a `deadline`, no wait is begun that would end after it; put a `within` around the whole to bound
    /// the attempts, too. The functions are copied; this object outlives the task.
    template <class Make, class Judge, class Note = Ignore>
    auto run(Make make, Judge judge, Note note = {}, std::optional<TimePoint> deadline = std::nullopt)
        -> std::invoke_result_t<Make&> {
        // g++ 12 destroys a closure with such captures twice when it is a temporary of a co_await expression.
        static_assert(std::is_trivially_destructible_v<Make> && std::is_trivially_destructible_v<Judge> &&
                          std::is_trivially_destructible_v<Note>,
                      "capture by reference what these functions need");
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
