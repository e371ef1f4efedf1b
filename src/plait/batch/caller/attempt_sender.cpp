#include "plait/batch/caller/attempt_sender.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/caller/hedged_attempt.hpp"
#include "plait/batch/caller/internal/active_call.hpp"
#include "plait/batch/caller/internal/attempt_notes.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace plait::batch {

using internal::begin_attempt;
using internal::note_end;

namespace {

/// How often a request that an HTTP/2 server has not processed is sent again before that counts as a failure. A goodbye
/// turns away all that is behind it, so some calls meet several. A server that goes on refusing gets some air.
constexpr int most_refusals = 16;

Duration pause_before_resend(int times) {
    constexpr int at_once = 3;
    constexpr Duration first = std::chrono::milliseconds(10);
    constexpr Duration longest = std::chrono::seconds(1);
    if (times < at_once) return Duration::zero();
    return std::min(longest, first * (1 << (times - at_once)));
}

}  // namespace

Task<Attempt> AttemptSender::send(ActiveCall& active) {
    return is_hedged(active.rules()) ? send_hedged(active) : send_once(active);
}

Task<Attempt> AttemptSender::send_once(ActiveCall& active) {
    active.request().time_left = active.deadline_at() - now();
    ++active.call.attempts_begun;
    if (parts_.auth || parts_.cookies) return send_completed(active);
    return parts_.method.attempt_of(active.call, active.rules(), active.request());
}

bool AttemptSender::is_hedged(const CallRules& rules) const noexcept {
    return options_.hedge && !options_.once && rules.safe_to_repeat && room_ > 1;
}

Task<Attempt> AttemptSender::send_hedged(ActiveCall& active) {
    HedgedAttempt hedged(active.group(), active.origin(), rules_, active.rules(),
                         [this, &active] { return send_once(active); });
    Attempt attempt = co_await hedged.run();
    if (hedged.copies() > 1) ++counts_.copies;
    if (hedged.second_won()) ++counts_.copies_won;
    active.copies = hedged.copies();
    active.second_won = hedged.second_won();
    co_return attempt;
}

/// Sends the request with the credentials and cookies of the moment.
Task<Attempt> AttemptSender::send_completed(ActiveCall& active) {
    http::Request request = active.request();
    if (parts_.auth && !active.has_left_origin()) {
        parts_.auth->apply(request);
        active.auth_version = parts_.auth->version();
    }
    if (parts_.cookies && !request.headers.contains("Cookie")) {
        const std::string cookies = parts_.cookies->header_for(request.url);
        if (!cookies.empty()) request.headers.add("Cookie", cookies);
    }
    co_return co_await parts_.method.attempt_of(active.call, active.rules(), request);
}

bool AttemptSender::must_send_again(const ActiveCall& active) const noexcept {
    return met_stale_connection(active) || was_refused(active);
}

Task<void> AttemptSender::send_again(ActiveCall& active) {
    if (met_stale_connection(active)) co_await send_over_new_connection(active);
    for (int times = 0; was_refused(active) && times < most_refusals; ++times)
        co_await send_after_refusal(active, pause_before_resend(times));
}

bool AttemptSender::may_repeat(const ActiveCall& active) const noexcept {
    return !options_.once && active.rules().may_repeat;
}

bool AttemptSender::met_stale_connection(const ActiveCall& active) const noexcept {
    const auto* failure = active.last->failure();
    if (!failure || !failure->was_stale || !may_repeat(active)) return false;
    return active.rules().safe_to_repeat || !failure->maybe_sent;
}

/// Sends the request again, at once and as part of the same attempt: a server that closes idle connections is not slow.
Task<void> AttemptSender::send_over_new_connection(ActiveCall& active) {
    active.notes.back().why = "stale-connection";
    begin_attempt(active);
    ++counts_.retries;
    active.request().over_new_connection = true;
    active.last = co_await send_once(active);
    active.request().over_new_connection = false;
    note_end(active);
}

/// Whether an HTTP/2 server turned the request away unprocessed, so that it may be sent again whatever it does.
bool AttemptSender::was_refused(const ActiveCall& active) const noexcept {
    const auto* failure = active.last->failure();
    return failure && failure->was_refused && may_repeat(active);
}

/// Sends the request again, as part of the same attempt: a server that says goodbye has not failed.
Task<void> AttemptSender::send_after_refusal(ActiveCall& active, Duration pause) {
    active.notes.back().why = "refused-unprocessed";
    pause = std::min(pause, active.deadline_at() - now());
    if (pause > Duration::zero()) co_await sleep_for(pause);
    begin_attempt(active);
    ++counts_.retries;
    active.last = co_await send_once(active);
    note_end(active);
}

/// False when there are none; the call's error then says why.
Task<bool> AttemptSender::renew_credentials(ActiveCall& active) {
    try {
        co_await parts_.auth->renew(active.auth_version);
        co_return true;
    } catch (const Error& error) {
        active.verdict().error.emplace(ErrorCode::expect, error.what());
        co_return false;
    }
}

}  // namespace plait::batch
