#include "core/policies.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/group/group_report.hpp"

#include "core/hooked_method.hpp"
#include "core/session_trace.hpp"
#include <chrono>
#include <limits>
#include <random>
#include <string_view>
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
    options.retry_budget = settings.retry_budget;
    options.concurrency_per_origin = settings.per_origin;
    options.deadline = no_deadline;
    options.redirects = redirects;
    options.once = once;
    return options;
}

/// All calls of these sessions are the engine's own.
RuledCall& ruled(batch::Call& call) { return static_cast<RuledCall&>(call); }

batch::CallerParts caller_parts(batch::Method& method, Random& random, http::CookieJar* cookies, SessionTrace* trace,
                                RetryJudge* judge) {
    batch::CallerParts parts(method, random, SystemWallClock::instance());
    parts.cookies = cookies;
    if (trace) parts.recorder = &trace->recorder();
    if (!judge) return parts;
    parts.wants_retry = [judge](const batch::EndedAttempt& ended) -> std::optional<bool> {
        try {
            return judge->wants_retry(ended);
        } catch (...) {
            ruled(ended.call).thrown = std::current_exception();
            return false;
        }
    };
    return parts;
}

}  // namespace

RuledCall::RuledCall(http::Request request_, const CallPolicy* policy, const PolicySettings& settings)
    : Call(std::string(), 0, std::move(request_)) {
    rules.safe_to_repeat = rules.safe_to_repeat || settings.is_any_safe_to_repeat;
    rules.may_repeat = settings.repeats;
    rules.retry_statuses = settings.retry_statuses;
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
                   http::CookieJar* cookies, SessionTrace* trace, bool once)
    : random_(std::random_device()()),
      trace_(trace),
      method_(method_for(session, settings.hooks)),
      caller_(caller_options(settings, redirects, once),
              caller_parts(*method_, random_, cookies, trace, settings.judge)) {}

Task<batch::MadeCall> Policies::make(RuledCall& call) { return trace_ ? make_traced(call) : caller_.make(call); }

Task<batch::MadeCall> Policies::make_traced(RuledCall& call) {
    trace_->name(call);
    batch::MadeCall made = co_await caller_.make(call);
    if (auto* const end = made.get()) trace_->add(call, *end);
    co_return made;
}

std::optional<Duration> Policies::asked_wait(const RuledCall& call) const {
    const std::string_view name =
        call.rules.group.empty() ? std::string_view(call.request.url.origin()) : call.rules.group.view();
    const batch::ClockPair clocks{now(), {}};
    for (const batch::GroupReport& group : caller_.groups(clocks)) {
        if (group.name == name && group.parked) return group.parked->until - clocks.wall;
    }
    return std::nullopt;
}

std::unique_ptr<batch::Method> Policies::method_for(http::Session& session, AttemptHooks* hooks) {
    auto method = std::make_unique<SessionMethod>(session);
    if (!hooks) return method;
    const auto note = [](const batch::Call& call, std::exception_ptr thrown) {
        ruled(const_cast<batch::Call&>(call)).thrown = std::move(thrown);  // it was not made as a constant
        return std::string("a hook has failed");
    };
    const auto context = [](const batch::Call& call) { return static_cast<const RuledCall&>(call).context; };
    return std::make_unique<HookedMethod>(std::move(method), *hooks, context, note);
}

Task<batch::Attempt> Policies::SessionMethod::attempt(const http::Request& request) {
    return session_.try_send(request);
}

std::size_t Policies::SessionMethod::most_in_flight() const noexcept { return std::numeric_limits<std::size_t>::max(); }

}  // namespace plait::python
