#include "plait/batch/caller/internal/hops.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/batch/caller/internal/active_call.hpp"
#include "plait/batch/caller/internal/part_options.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace plait::batch::internal {

namespace {

/// Takes out fields with secrets: those that `--secret` names may stand in any.
void remove_secrets(http::Headers& headers, const Secrets& secrets) {
    http::Headers kept;
    for (const http::Header field : headers) {
        std::string value(field.value);
        secrets.redact(value);
        if (value == field.value) kept.add(field.name, field.value);
    }
    headers = std::move(kept);
}

}  // namespace

policy::Costs Hops::costs_of_redirect(const policy::Costs& costs) const {
    policy::Costs hop;
    for (const policy::RateLimit& limit : options_.limits) hop.set(limit.unit, 0);
    for (const policy::Budget& budget : options_.rules.budgets) hop.set(budget.unit, 0);
    hop.set(policy::requests_unit, *costs.get(policy::requests_unit));
    return hop;
}

/// The rules of the call for what comes after a redirect.
CallRules Hops::rules_after(const ActiveCall& active, const http::RedirectStep& step) const {
    CallRules rules = active.rules();
    if (step.next->method() != active.call.request.method()) rules.safe_to_repeat = true;  // the GET after a 303
    // The rest is paid for.
    if (step.was_executed && !active.rules().safe_to_repeat) rules.costs = costs_of_redirect(rules.costs);
    return rules;
}

std::string Hops::plan_redirect(ActiveCall& active) {
    const auto* response = active.last->response();
    if (!response || !http::is_redirect(response->status)) return "";
    if (!active.redirects) active.redirects.emplace(options_.redirects);
    http::RedirectStep step = active.redirects->after(active.request(), *response);
    if (!step.next) return step.why_not;
    CallRules rules = rules_after(active, step);
    active.was_executed = active.was_executed || (step.was_executed && !active.rules().safe_to_repeat);
    go_to(active, std::move(step), std::move(rules));
    return "";
}

void Hops::go_to(ActiveCall& active, http::RedirectStep&& step, CallRules rules) {
    const bool left_origin = active.has_left_origin() || step.leaves_origin;
    if (left_origin) rules.group.clear();
    if (step.leaves_origin && parts_.secrets) remove_secrets(step.next->headers, *parts_.secrets);
    const http::Url url = step.next->url;
    const std::string_view group = rules.group.empty() ? url.origin() : rules.group.view();
    const bool once = is_once(options_, rules);
    active.next_hop = std::make_unique<Hop>(std::move(*step.next), std::move(rules), left_origin,
                                            groups_.use(group, now()), origins_.use(url.origin(), now()), once);
}

std::string Hops::final_url(const ActiveCall& active) const {
    std::string url = active.hop->request.url.text_with_fragment();
    if (parts_.secrets) parts_.secrets->redact(url);
    return url;
}

void adjust_to_redirects(ActiveCall& active, std::string_view why_not_followed) {
    AttemptVerdict& verdict = active.verdict();
    if (active.was_executed) {
        // Whatever became of the GET after a 303: the request before it was executed.
        verdict.is_surely_undone = false;
        if (verdict.outcome == Outcome::failed) verdict.outcome = Outcome::unknown;
        if (verdict.error && verdict.outcome == Outcome::unknown) {
            verdict.error->retryable = false;
            verdict.error->maybe_sent = true;
        }
    } else if (active.next_hop && !(active.following && active.following->is_due)) {
        verdict.is_surely_undone = true;  // the server says that the request has to go elsewhere
    }
    if (why_not_followed.empty() || verdict.outcome != Outcome::rejected) return;
    CallError error = not_followed(why_not_followed);
    if (verdict.error) error.message = fmt::format("{}; {}", verdict.error->message, error.message);
    verdict.error = std::move(error);
}

bool is_unfollowed_redirect(const ActiveCall& active, AttemptsEnd ended) {
    if (ended != AttemptsEnd::stopped && ended != AttemptsEnd::parked) return false;
    const auto* response = active.last->response();
    return response && active.hop && http::is_redirect(response->status);
}

CallError not_followed(std::string_view why) {
    return CallError(ErrorCode::expect, fmt::format("the redirect is not followed: {}", why));
}

}  // namespace plait::batch::internal
