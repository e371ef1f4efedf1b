#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/random.hpp"
#include "plait/batch/answer/cost_source.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/group_limit_logs.hpp"
#include "plait/batch/call/secrets.hpp"
#include "plait/batch/call/send_log.hpp"
#include "plait/batch/caller/auth_command.hpp"
#include "plait/batch/group/run_rules.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/http/body/body_memory.hpp"
#include "plait/http/body/limits.hpp"
#include "plait/http/cookies/cookie_jar.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/redirects.hpp"
#include "plait/policy/hedge.hpp"
#include "plait/policy/pace/rate_limit.hpp"
#include "plait/policy/retry.hpp"
#include "plait/policy/retry_budget.hpp"
#include "plait/trace/span_recorder.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace plait::batch {

/// How calls are made, unless their lines say otherwise.
class CallerOptions {
  public:
    CallerOptions() {}

    /// Calls in flight in all; fewer if the method makes fewer at a time.
    std::size_t concurrency = 100;
    /// Whether each group finds its own limit of calls in flight; `concurrency` is then the most in all.
    bool adaptive_concurrency = false;
    /// Calls in flight to each origin, whatever their groups. Nothing: no limit of its own.
    std::optional<std::size_t> concurrency_per_origin;
    /// Rate limits, of each group.
    std::vector<policy::RateLimit> limits;
    /// Their windows are longer by this much: the most time from the permit of an attempt to its departure.
    Duration departure_jitter{};
    policy::RetryOptions retry;
    /// Of each group. A call alone may use up its attempts, whatever this says.
    policy::RetryBudgetOptions retry_budget;
    /// Time limit of a whole call with its attempts and waits, from its first send.
    Duration deadline = std::chrono::minutes(15);
    /// Sends a second copy of slow calls that are safe to repeat.
    std::optional<policy::HedgeOptions> hedge;
    /// Which redirects are followed. Each hop has the send permit of the group of its origin, and uses up no attempt.
    http::RedirectOptions redirects;
    RunRuleOptions rules;
    std::optional<CostSource> cost_from;
    /// Answers that count as refusals, beside the well-known ones, unless a line has rules of its own.
    std::vector<std::shared_ptr<const Expectation>> refusals;
    /// What makes further requests part of calls whose lines don't say it; null: nothing.
    std::shared_ptr<const FollowRule> follow;
    /// The most pages of a call whose rule names no number.
    std::optional<std::size_t> max_pages;
    /// The most bytes that the pages of one call may have together.
    std::size_t page_bytes = http::Limits().body_bytes;
    /// Sends each request once, as soon as there is room, without retries, pace or circuit breaker. Redirects are
    /// followed.
    bool once = false;
    /// Whether a later run can make the calls that get no result: calls that can't be made now are then postponed.
    bool is_resumable = false;
};

/// An attempt that has ended, for a program that decides which ones are worth another.
class EndedAttempt {
  public:
    EndedAttempt(Call& call_, const http::Request& request_, int number_, Duration elapsed_, Attempt& attempt_) noexcept
        : call(call_), request(request_), number(number_), elapsed(elapsed_), attempt(attempt_) {}

    Call& call;
    const http::Request& request;  ///< as it was sent
    int number;                    ///< of the attempts of the call, redirects not counted
    Duration elapsed;              ///< since the call was first sent
    Attempt& attempt;              ///< may be replaced by a failure
};

/// Says whether another attempt is worthwhile; nothing: the caller decides. Does not throw.
using WantsRetry = std::function<std::optional<bool>(const EndedAttempt& ended)>;

/// The objects that the calls of a run have in common. They outlive the caller; null: none.
class CallParts {
  public:
    CallParts() {}

    const WallClock* calendar = &SystemWallClock::instance();  ///< for dates
    SendLog* sends = nullptr;                                  ///< records requests that must not be sent twice
    GroupLimitLogs* limit_logs = nullptr;                      ///< records what is sent under the limits
    AuthCommand* auth = nullptr;                               ///< gets new credentials after a 401
    http::CookieJar* cookies = nullptr;                        ///< keeps the cookies of answers for later requests
    const Secrets* secrets = nullptr;                          ///< redacted in answers, errors and results
    http::BodyMemory* page_memory = nullptr;                   ///< that pages take until their call has ended
    WantsRetry wants_retry;                                    ///< asked after each attempt but redirects
    std::function<void(const std::string& sentence)> warn;     ///< called with each warning
};

/// What a caller works with. All objects outlive it.
class CallerParts : public CallParts {
  public:
    CallerParts(Method& method_, Random& random_, CallParts parts)
        : CallParts(std::move(parts)), method(method_), random(random_) {}
    CallerParts(Method& method_, Random& random_, const WallClock& calendar_) : method(method_), random(random_) {
        calendar = &calendar_;
    }

    Method& method;
    Random& random;
    trace::SpanRecorder* recorder = nullptr;  ///< records a span for each call; null: none is recorded
    std::function<void()> on_first_send;      ///< called when a call is sent for the first time
};

/// What calls took beyond one attempt each.
struct CallerCounts {
    std::uint64_t retries = 0;   ///< attempts beyond the first
    std::uint64_t refusals = 0;  ///< attempts that were refused
    std::uint64_t copies = 0;    ///< second copies of slow attempts
    std::uint64_t copies_won = 0;
    std::uint64_t redirects = 0;   ///< followed
    std::uint64_t follow_ups = 0;  ///< pages beyond the first, and polls of jobs
};

}  // namespace plait::batch
