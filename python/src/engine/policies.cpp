#include "policies.hpp"

#include "plait/base/clock.hpp"
#include "plait/batch/method/send_once.hpp"

#include <chrono>
#include <limits>
#include <random>
#include <utility>

namespace plait::python {

namespace {

/// The call's own deadline ends it (`Engine`); a year is none.
constexpr Duration no_deadline = std::chrono::hours(24 * 365);

batch::CallerOptions caller_options(const PolicySettings& settings, const http::RedirectOptions& redirects, bool once) {
    batch::CallerOptions options;
    options.concurrency = settings.concurrency;
    options.adaptive_concurrency = settings.is_adaptive;
    options.limits = settings.limits;
    options.retry = settings.retry;
    options.deadline = no_deadline;
    options.redirects = redirects;
    options.once = once;
    return options;
}

batch::CallerParts caller_parts(batch::Method& method, Random& random, http::CookieJar* cookies) {
    batch::CallerParts parts(method, random, SystemWallClock::instance());
    parts.cookies = cookies;
    return parts;
}

/// How an attempt ends that a hook has failed.
batch::Failure failed_by_hook(bool maybe_sent) {
    batch::Failure failure(ErrorCode::bad_input, "a hook has failed", maybe_sent);
    failure.is_permanent = true;
    return failure;
}

/// Tells the hooks that an attempt was given up, if it is.
class Following {
  public:
    Following(AttemptHooks& hooks, AttemptHooks::Token token, const http::Request& request)
        : hooks_(hooks), token_(std::move(token)), request_(request) {}
    Following(const Following&) = delete;
    Following& operator=(const Following&) = delete;
    ~Following() {
        if (has_ended_) return;
        try {
            hooks_.after(token_, request_, nullptr);
        } catch (...) {
            static_cast<void>(0);  // nobody waits for the call any more
        }
    }

    void ended(const batch::Attempt& attempt) {
        has_ended_ = true;
        hooks_.after(token_, request_, &attempt);
    }

  private:
    AttemptHooks& hooks_;
    const AttemptHooks::Token token_;
    const http::Request& request_;
    bool has_ended_ = false;
};

}  // namespace

RuledCall::RuledCall(http::Request request_, const CallPolicy* policy, const PolicySettings& settings)
    : Call(std::string(), 0, std::move(request_)) {
    rules.safe_to_repeat = rules.safe_to_repeat || settings.is_any_safe_to_repeat;
    rules.may_repeat = settings.repeats;
    if (!policy) return;
    if (policy->attempts) {
        rules.max_attempts = *policy->attempts;
        rules.may_repeat = *policy->attempts > 1;
    }
    rules.safe_to_repeat = policy->safe_to_repeat.value_or(rules.safe_to_repeat);
    rules.group = policy->group;
    rules.priority = policy->priority;
    rules.costs = policy->costs;
    context = policy->context;
}

Policies::Policies(const PolicySettings& settings, const http::RedirectOptions& redirects, http::Session& session,
                   http::CookieJar* cookies, bool once)
    : random_(std::random_device()()),
      method_(session, settings.hooks),
      caller_(caller_options(settings, redirects, once), caller_parts(method_, random_, cookies)) {}

Task<batch::Attempt> Policies::SessionMethod::attempt(const http::Request& request) {
    return batch::send_once(session_, request, {});
}

std::size_t Policies::SessionMethod::most_in_flight() const noexcept { return std::numeric_limits<std::size_t>::max(); }

Task<batch::Attempt> Policies::SessionMethod::attempt_of(const batch::Call& call, const http::Request& request) {
    // All calls of this method are the engine's own, which are not const.
    auto& ruled = const_cast<RuledCall&>(static_cast<const RuledCall&>(call));
    ++ruled.attempts_begun;
    if (!hooks_) return attempt(request);
    return attempt_with_hooks(ruled, http::Request(request));
}

Task<batch::Attempt> Policies::SessionMethod::attempt_with_hooks(RuledCall& call, http::Request request) {
    std::optional<Following> following;
    try {
        auto token = hooks_->before(call, request);
        following.emplace(*hooks_, std::move(token), request);
    } catch (...) {
        call.thrown = std::current_exception();
        co_return failed_by_hook(false);
    }
    batch::Attempt attempt = co_await batch::send_once(session_, request, {});
    try {
        following->ended(attempt);
    } catch (...) {
        call.thrown = std::current_exception();
        co_return failed_by_hook(true);
    }
    co_return attempt;
}

}  // namespace plait::python
