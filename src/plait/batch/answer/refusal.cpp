#include "plait/batch/answer/refusal.hpp"

#include "plait/base/text/words.hpp"
#include "plait/batch/answer/refusal_body.hpp"
#include "plait/http/message/headers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace plait::batch {

namespace {

using Kind = Refusal::Kind;

constexpr int too_many_requests = 429;
constexpr std::size_t longest_reason = 200;

/// Whether an answer with this status, which is not a refusal by itself, can be one because of its content.
bool may_refuse(int status) noexcept { return status == 400 || status == 403 || status >= 500; }

/// Whether a refusal with this status means that the server did not begin to execute the request. After a failure, or
/// the timeout of a gateway, it may have begun.
bool is_turned_away(int status) noexcept { return status < 500 || status == 503 || status == 529; }

/// Returns the longest wait until a used-up limit opens again.
std::optional<AskedWait> used_up(const http::LimitHeaders& said, int status) {
    std::optional<AskedWait> longest;
    for (const policy::LimitNotice& notice : said.notices) {
        if (notice.remaining != 0.0 || !notice.reset) continue;
        // With a limit of one call, each answer says that nothing is left.
        if (status != too_many_requests && notice.limit && *notice.limit <= 1) continue;
        if (longest && *longest->wait >= *notice.reset) continue;
        longest.emplace();
        longest->wait = notice.reset;
        longest->grain = notice.reset_grain;
        longest->source = notice.source;
    }
    return longest;
}

/// Replaces `asked` with `other` if that is the same wait with a finer grain.
void refine(AskedWait& asked, const std::optional<AskedWait>& other) {
    if (!other || other->grain >= asked.grain) return;
    if (std::chrono::abs(*other->wait - *asked.wait) <= asked.grain) asked = *other;
}

/// Returns the wait that the answer asks for, in its headers or its body.
AskedWait asked_wait(const http::LimitHeaders& said, const std::optional<AskedWait>& limit,
                     const std::optional<RefusalBody>& body) {
    std::optional<AskedWait> in_body;
    if (body && body->wait) {
        in_body.emplace();
        in_body->wait = body->wait->wait;
        in_body->grain = body->wait->grain;
        in_body->source = body->wait_source;
    }
    if (!said.retry_after) return in_body ? *in_body : limit.value_or(AskedWait());
    AskedWait asked;
    asked.wait = said.retry_after;
    asked.grain = said.retry_after_grain;
    asked.source = said.retry_after_source;
    refine(asked, limit);
    refine(asked, in_body);
    return asked;
}

std::optional<bool> should_retry(const http::Headers& headers) {
    const auto text = headers.get("x-should-retry");
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
}

bool is_met(RefusalRules rules, const http::Response& response) {
    return std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule->is_met_by(response); });
}

std::string reason_of(const RefusalBody& body) {
    std::string reason = printable(body.word);
    if (!body.message.empty()) reason += ": " + printable(body.message, longest_reason);
    return reason;
}

}  // namespace

Refusal read_refusal(const http::Response& response, const http::LimitHeaders& said, RefusalRules named, WallTime now) {
    const int status = response.status;
    const bool is_ok = status / 100 == 2;
    Refusal refusal;
    refusal.was_named = is_met(named, response);
    const bool reads_body = is_ok || status == 402 || status == too_many_requests || may_refuse(status);
    const std::optional<RefusalBody> body = reads_body ? read_refusal_body(response, now) : std::nullopt;
    const std::optional<AskedWait> limit = is_ok ? std::nullopt : used_up(said, status);
    const bool is_told = body && body->meaning == RefusalBody::Meaning::later && status != 402;
    if (!is_ok || is_told || refusal.was_named) refusal.asked = asked_wait(said, limit, body);
    if (!is_ok) refusal.should_retry = should_retry(response.headers);

    const bool has_wait = refusal.asked.wait.value_or(Duration::zero()) > Duration::zero();
    if (body && body->meaning == RefusalBody::Meaning::for_account && !refusal.was_named) {
        refusal.kind = Kind::for_good;
        refusal.reason = reason_of(*body);
    } else if (refusal.was_named || is_told || status == too_many_requests || (may_refuse(status) && has_wait)) {
        refusal.kind = Kind::later;
    }
    refusal.outranks_status = refusal.was_named || is_told;
    refusal.is_surely_undone = refusal.kind != Kind::none && (refusal.outranks_status || is_turned_away(status));
    return refusal;
}

}  // namespace plait::batch
