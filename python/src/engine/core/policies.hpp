#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/random.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/caller/caller.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/http/cookies/cookie_jar.hpp"
#include "plait/http/redirects.hpp"
#include "plait/http/session.hpp"
#include "plait/policy/pace/costs.hpp"
#include "plait/policy/pace/rate_limit.hpp"
#include "plait/policy/retry.hpp"
#include "plait/policy/retry_budget.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace plait::python {

class AttemptHooks;
class RetryJudge;
class SessionTrace;

/// How the calls of a session are repeated and held back. With neither retries nor limits, there are only hooks.
struct PolicySettings {
    PolicySettings() {}

    /// Whether calls are repeated at all, unless they say otherwise.
    bool repeats = false;
    /// Whether that holds for POST and its like without an idempotency key, too.
    bool is_any_safe_to_repeat = false;
    policy::RetryOptions retry;
    policy::RetryBudgetOptions retry_budget;
    /// Whether there are limits: those below, and those that servers announce.
    bool is_limited = false;
    std::vector<policy::RateLimit> limits;
    /// Statuses that are retried, beside the usual ones.
    std::vector<int> retry_statuses;
    /// The most calls in flight to each origin; nothing: no limit of its own.
    std::optional<std::size_t> per_origin;
    /// The most calls in flight, those of maps included.
    std::size_t concurrency = 1'000'000;
    /// Whether each origin finds its own number of calls in flight.
    bool is_adaptive = false;
    /// Called around each attempt; outlives the sessions. Null: none.
    AttemptHooks* hooks = nullptr;
    /// Decides which attempts are worth another one; outlives the sessions. Null: the usual rules do.
    RetryJudge* judge = nullptr;
    /// Records the calls into this file, which must not exist; empty: into none.
    std::string trace;
};

/// What a call says about itself.
struct CallPolicy {
    CallPolicy() {}

    /// The most attempts; 1: it is sent once, whatever the answer says. Nothing: as the session has it.
    std::optional<int> attempts;
    std::optional<bool> safe_to_repeat;
    std::string group;
    int priority = 0;
    policy::Costs costs;
    /// Whether a status that is not 2xx raises. Nothing: as the session has it.
    std::optional<bool> raise_for_status;
    /// Whether it says any of this but the last.
    bool has_rules = false;
    /// For hooks: where the call was made.
    std::shared_ptr<void> context;
};

/// A call with its policy, while it is made.
struct RuledCall final : batch::Call {
    RuledCall(http::Request request_, const CallPolicy* policy, const PolicySettings& settings);

    std::shared_ptr<void> context;  ///< see `CallPolicy`
    /// What a hook or the judge has thrown; it ends the call.
    std::exception_ptr thrown;
};

/// Called around each attempt, in a turn of the loop.
class AttemptHooks {
  public:
    /// What `before` leaves for `after`.
    using Token = std::shared_ptr<void>;

    /// Before a request is sent, for the `number`th time, in this `context` (see `CallPolicy`). May add fields to
    /// `request`. What it throws ends the call.
    virtual Token before(int number, const std::shared_ptr<void>& context, http::Request& request) = 0;
    /// After the attempt; null: it was given up. What it throws ends the call.
    virtual void after(const Token& token, const http::Request& request, const batch::Attempt* attempt) = 0;

  protected:
    ~AttemptHooks() = default;
};

/// Decides which attempts are worth another one, in a turn of the loop.
class RetryJudge {
  public:
    /// Nothing: the usual rules decide. What it throws ends the call.
    virtual std::optional<bool> wants_retry(const batch::EndedAttempt& ended) = 0;

  protected:
    ~RetryJudge() = default;
};

/// Makes calls of one session with retries, limits and hooks: by the same rules as a run.
class Policies {
  public:
    /// The session, `cookies` and `trace`, which may be null, outlive it. `once`: calls are sent as they come, with
    /// hooks alone.
    Policies(const PolicySettings& settings, const http::RedirectOptions& redirects, http::Session& session,
             http::CookieJar* cookies, SessionTrace* trace, bool once);
    Policies(const Policies&) = delete;
    Policies& operator=(const Policies&) = delete;

    /// Makes the call, which outlives the task.
    Task<batch::MadeCall> make(RuledCall& call);

    /// For how long from now on the server of this call wants none; nothing: it has not said so.
    std::optional<Duration> asked_wait(const RuledCall& call) const;

  private:
    /// The method `async` over a session that is there already.
    class SessionMethod final : public batch::Method {
      public:
        explicit SessionMethod(http::Session& session) noexcept : session_(session) {}

        Task<batch::Attempt> attempt(const http::Request& request) override;
        std::size_t most_in_flight() const noexcept override;

      private:
        http::Session& session_;
    };

    Task<batch::MadeCall> make_traced(RuledCall& call);
    static std::unique_ptr<batch::Method> method_for(http::Session& session, AttemptHooks* hooks);

    Random random_;
    SessionTrace* const trace_;
    std::unique_ptr<batch::Method> method_;
    batch::Caller caller_;
};

}  // namespace plait::python
