#include "plait/batch/caller/internal/follow_ups.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/base/text/words.hpp"
#include "plait/batch/answer/answer_text.hpp"
#include "plait/batch/call/idempotency_key.hpp"
#include "plait/batch/caller/internal/active_call.hpp"
#include "plait/batch/caller/internal/secrets_in_url.hpp"
#include "plait/batch/verdict/attempt_verdict.hpp"
#include "plait/policy/retry.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace plait::batch::internal {

namespace {

constexpr int success = 2;

PageRule page_rule(const FollowRule& rule, std::optional<std::size_t> max_pages) {
    if (!rule.pages()) return PageRule();
    PageRule pages = *rule.pages();
    if (!pages.most) pages.most = max_pages;
    return pages;
}

/// The memory that a page takes. A body in a file takes none.
std::size_t size_of(const http::Response& page) {
    std::size_t size = page.body.size();
    for (const http::Header field : page.headers) size += field.name.size() + field.value.size();
    return size;
}

/// The request for another page that differs from that of `call` in its cursor. A server that knows an idempotency key
/// would answer with the page that it knows, so each page has a key of its own, which depends on nothing else.
http::Request same_request(const Call& call, http::Request next, std::size_t page) {
    constexpr std::string_view field = "Idempotency-Key";
    if (const auto key = call.request.headers.get(field))
        next.headers.set(field, automatic_key(*key, fmt::format("page {}", page)));
    return next;
}

/// What `response` says beside its body.
http::Response head_of(const http::Response& response) {
    http::Response head;
    head.status = response.status;
    head.url = response.url;
    head.reason = response.reason;
    head.headers = response.headers;
    head.trailers = response.trailers;
    head.timings = response.timings;
    head.reused = response.reused;
    head.version = response.version;
    head.connection = response.connection;
    head.relay = response.relay;
    return head;
}

}  // namespace

Following::Following(std::shared_ptr<const FollowRule> rule_, std::optional<std::size_t> max_pages,
                     http::BodyMemory* memory_)
    : rule(std::move(rule_)), trail(page_rule(*rule, max_pages)) {
    if (memory_) memory.emplace(*memory_);
}

void Following::note_wait(const http::LimitHeaders& said) {
    asked.wait = said.retry_after;
    asked.source = said.retry_after_source;
}

void FollowUps::begin(ActiveCall& active) const {
    const std::shared_ptr<const FollowRule>& rule = rule_of(active.call);
    if (!rule) return;
    const std::optional<http::RedirectStep> job = job_to_take_up(active.call);
    active.following = std::make_unique<Following>(rule, options_.max_pages, parts_.page_memory);
    if (!job) return;
    http::RedirectStep step = *job;
    CallRules rules = rules_of_follow_up(active, false);
    hops_.go_to(active, std::move(step), std::move(rules));
    active.hop = std::move(active.next_hop);
    active.was_executed = true;
    active.following->is_recorded = true;
    active.following->sent = 1;
}

/// The request with which a call goes on whose own request an earlier run has sent.
std::optional<http::RedirectStep> FollowUps::job_to_take_up(const Call& call) const {
    const FollowRule* const rule = rule_of(call).get();
    if (!rule || !rule->poll() || !gate_.is_recorded(call.rules)) return std::nullopt;
    std::optional<std::string> url = parts_.sends->poll_of(call.line);
    if (url) url = with_secrets(*url, call.request.url, parts_.secrets);
    if (!url) return std::nullopt;
    http::RedirectStep step = http::next_retrieval(call.request, http::Url(*url), options_.redirects.to_http);
    if (!step.next) return std::nullopt;
    return step;
}

/// A poll, and a GET that follows a request that was paid for, costs a request and nothing of what the call is for.
CallRules FollowUps::rules_of_follow_up(const ActiveCall& active, bool repeats_request) const {
    CallRules rules = active.rules();
    if (repeats_request) return rules;
    const bool is_poll = active.following->rule->poll() != nullptr;
    if (is_poll || !rules.safe_to_repeat) rules.costs = hops_.costs_of_redirect(rules.costs);
    rules.safe_to_repeat = true;
    return rules;
}

void FollowUps::judge(ActiveCall& active, std::optional<bool> wish) const {
    Following* const following = active.following.get();
    const auto* response = active.last->response();
    if (following) following->is_page = false;
    if (!following || !response || active.next_hop || response->status / 100 != success)
        return classify_last(active, active.rules(), wish);
    const AnswerText text(*response);
    if (const PollRule* const poll = following->rule->poll()) {
        FollowStep step = next_poll(*poll, active.request(), following->sent == 0, *response, text.get());
        CallRules rules = active.rules();
        if (step.kind == FollowStep::Kind::next) rules.expectation = nullptr;  // it is about the last answer
        classify_last(active, rules, wish);
        if (active.verdict().outcome == Outcome::ok) plan(active, std::move(step));
    } else {
        classify_last(active, active.rules(), wish);
        if (active.verdict().outcome == Outcome::ok && has_room_for_page(active)) {
            PageTrail& trail = following->trail;
            FollowStep step = trail.after(active.request(), *response, text.get());
            if (trail.pages() == 1) {
                for (const auto& [pointer, has_value] : trail.found()) {
                    if (!pointer.empty()) idle_rules_.first_page(pointer, has_value);
                }
            }
            plan(active, std::move(step));
        }
    }
}

/// Classifies the last attempt. A page or a poll that the program wants again is not followed: if it is not got again,
/// the call has no success.
void FollowUps::classify_last(ActiveCall& active, const CallRules& rules, std::optional<bool> wish) {
    active.findings->verdict.emplace(classify(*active.last, rules, active.refusal()));
    AttemptVerdict& verdict = active.verdict();
    if (!wish) return;
    apply_wish(verdict, *wish, rules, active.refusal());
    const bool is_wanted_again = verdict.end.kind() != policy::AttemptEnd::Kind::final;
    if (!active.following || verdict.outcome != Outcome::ok || !is_wanted_again) return;
    verdict.outcome = Outcome::rejected;
    verdict.error.emplace(ErrorCode::expect, "another attempt was wanted, and none was left");
}

/// Whether the last answer, a page, can be held beside the pages before it. If not, the call ends.
bool FollowUps::has_room_for_page(ActiveCall& active) const {
    Following& following = *active.following;
    const std::size_t size = size_of(*active.last->response());
    const bool is_small = size <= options_.page_bytes - following.bytes;
    if (is_small && (!following.memory || following.memory->take(size))) {
        following.bytes += size;
        following.is_page = true;
        return true;
    }
    active.verdict().outcome = Outcome::rejected;
    active.verdict().error.emplace(
        ErrorCode::too_large,
        is_small
            ? "the pages of all calls take more memory together than --max-body-total permits"
            : fmt::format("the pages of the call have more than {} bytes together (--max-body)", options_.page_bytes));
    return false;
}

void FollowUps::plan(ActiveCall& active, FollowStep step) const {
    Following& following = *active.following;
    AttemptVerdict& verdict = active.verdict();
    const bool is_poll = following.rule->poll() != nullptr;
    const bool repeats_request = step.kind == FollowStep::Kind::repeat;
    std::optional<http::RedirectStep> next;
    if (repeats_request) {
        next.emplace();
        next->next = same_request(active.call, *std::move(step.request), following.trail.pages() + 1);
    } else if (step.kind == FollowStep::Kind::next) {
        next = http::next_retrieval(active.request(), *step.url, options_.redirects.to_http);
        if (!next->next) step = FollowStep::broken(fmt::format("{}: {}", step.url->without_query(), next->why_not));
    }
    if (step.kind == FollowStep::Kind::over) return;
    if (step.kind == FollowStep::Kind::broken) {
        verdict.outcome = Outcome::rejected;
        following.is_broken = true;
        verdict.error.emplace(ErrorCode::expect, is_poll ? fmt::format("the job can't be followed: {}", step.why)
                                                         : fmt::format("the page after page {} can't be fetched: {}",
                                                                       following.sent + 1, step.why));
        return;
    }
    // This is how the call ends if the follow-up is never sent.
    verdict.outcome = Outcome::failed;
    verdict.error.emplace(ErrorCode::cancelled,
                          is_poll ? fmt::format("the job had not ended; ask at {}", step.url->text())
                                  : fmt::format("page {} was not fetched", following.sent + 2),
                          true);
    if (is_poll) record_poll_url(active, *step.url);
    CallRules rules = rules_of_follow_up(active, repeats_request);
    if (!active.rules().safe_to_repeat) active.was_executed = true;
    if (is_poll) following.wait = poll_wait(*following.rule->poll(), following.asked.wait, now() - active.sent_at);
    hops_.go_to(active, std::move(*next), std::move(rules));
    following.is_due = true;
}

/// Lets a later run ask for the job. After a hop to another origin it could not: it would not know what to leave out.
/// Secrets are recorded by name. A URL whose secrets are not those of the query of the call is not recorded.
void FollowUps::record_poll_url(ActiveCall& active, const http::Url& poll_url) const {
    if (active.following->is_recorded || active.has_left_origin() || !gate_.is_recorded(active.call.rules)) return;
    std::string url = poll_url.text();
    if (parts_.secrets && !parts_.secrets->empty()) {
        parts_.secrets->redact(url);
        if (with_secrets(url, active.call.request.url, parts_.secrets) != poll_url.text()) return;
    }
    parts_.sends->record_poll(active.call.line, url);
    active.following->is_recorded = true;
}

void FollowUps::keep_page(ActiveCall& active) const {
    if (!active.following->is_page) return;
    if (parts_.secrets && !parts_.secrets->empty()) parts_.secrets->redact(*active.last);
    auto& page = *active.last->response();
    if (active.hop) page.url = hops_.final_url(active);
    const int status = page.status;
    active.following->pages.push_back(std::move(page));
    page.status = status;  // what the call has to say of its last answer
}

Task<std::optional<AttemptsEnd>> FollowUps::wait(ActiveCall& active) const {
    Following& following = *active.following;
    const bool is_poll = following.rule->poll() != nullptr;
    AttemptNote& note = active.notes.back();
    note.why = !is_poll ? std::string_view("next-page") : following.asked.wait ? following.asked.source : "poll";
    if (is_poll) {
        if (now() + following.wait > active.deadline_at()) co_return AttemptsEnd::no_time_left;
        const ActivityScope activity_scope(trace::Activity::back_off);
        co_await sleep_for(following.wait);
    }
    const std::optional<AttemptsEnd> ended = co_await gate_.pass(active, true);
    if (ended) co_return ended;
    following.is_due = false;
    ++following.sent;
    active.sent_bytes += http::body_size(active.request());
    co_return std::nullopt;
}

void FollowUps::finish(ActiveCall& active, CallEnd& end) const {
    Following& following = *active.following;
    const bool is_poll = following.rule->poll() != nullptr;
    if (!is_poll) {
        end.has_pages = true;
        if (active.hop && active.hop->request.method() != "GET") end.page_method = active.hop->request.method();
        end.pages = std::move(following.pages);
        end.has_more_pages = following.trail.has_more() || (following.is_due && end.outcome != Outcome::ok);
        if (following.is_page && end.response) {
            http::Response head = head_of(*end.response);
            end.pages.push_back(std::move(*end.response));
            end.response = std::move(head);
            end.last_is_page = true;
        }
    }
    if (is_poll && following.is_due && end.error && end.error->code == ErrorCode::deadline) {
        end.error->message = fmt::format("the job had not ended when its deadline of {} came; ask at {}",
                                         in_words(active.deadline), active.hop->request.url.text());
        if (parts_.secrets) parts_.secrets->redact(end.error->message);
    }
    const bool is_part = following.sent > 0 && !following.is_due && !following.is_broken;
    if (end.outcome == Outcome::ok || !is_part) return;
    if (!end.error && end.response)
        end.error.emplace(ErrorCode::expect, fmt::format("status {}", end.response->status));
    if (!end.error) return;
    const std::string part = is_poll ? fmt::format("the poll of {}", active.hop->request.url.text())
                                     : fmt::format("page {}", following.sent + 1);
    end.error->message = fmt::format("{}: {}", part, end.error->message);
    if (parts_.secrets) parts_.secrets->redact(end.error->message);
}

}  // namespace plait::batch::internal
