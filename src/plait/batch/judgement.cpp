#include "plait/batch/judgement.hpp"

#include <algorithm>
#include <iterator>

namespace plait::batch {

namespace {

using policy::AttemptEnd;
using policy::Load;

bool contains(std::span<const int> statuses, int status) {
    return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

Judgement judge_answer(const http::Response& response, const CallRules& rules, const AskedWait& asked) {
    const int status = response.status;
    std::string unmet;
    bool ok = status / 100 == 2;
    if (rules.expectation) {
        unmet = rules.expectation->unmet_by(response);
        ok = unmet.empty();
    }
    Judgement judgement(ok ? Outcome::ok : Outcome::rejected, AttemptEnd::final());
    if (!unmet.empty()) judgement.error.emplace(ErrorCode::expect, std::move(unmet));
    judgement.is_refusal = !ok && (status == 429 || (status == 503 && asked.wait));
    judgement.is_surely_undone = judgement.is_refusal || status == 401;  // RFC 9110, section 15.5.2
    if (status == 429 || status == 503) judgement.load = Load::overloaded;
    if (judgement.is_refusal) {
        judgement.end = AttemptEnd::asked_to_wait(asked.wait);
    } else if (!ok && rules.safe_to_repeat &&
               (contains(usual_retry_statuses, status) || contains(rules.retry_statuses, status))) {
        judgement.end = AttemptEnd::repeatable(asked.wait);
    }
    return judgement;
}

/// Whether the same request has a chance the next time.
bool may_pass(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::dns:
        case ErrorCode::connect:
        case ErrorCode::reset:
        case ErrorCode::protocol:
        case ErrorCode::timeout:
        case ErrorCode::cancelled:
        case ErrorCode::worker_died:
            return true;
        default:
            return false;  // it would end the same way
    }
}

Load load_of(ErrorCode code) noexcept {
    return code == ErrorCode::timeout || code == ErrorCode::reset || code == ErrorCode::connect ? Load::overloaded
                                                                                                : Load::unknown;
}

Reach reach_of(const Failure& failure) noexcept {
    switch (failure.code) {
        case ErrorCode::dns:
        case ErrorCode::connect:
        case ErrorCode::tls:
            return Reach::not_reached;
        case ErrorCode::reset:
            return failure.maybe_sent ? Reach::reached : Reach::not_reached;  // in the handshake of TLS
        case ErrorCode::timeout:
            return failure.maybe_sent ? Reach::reached : Reach::untold;
        case ErrorCode::protocol:
        case ErrorCode::too_large:
            return Reach::reached;
        default:
            return Reach::untold;
    }
}

Judgement judge_failure(const Failure& failure, const CallRules& rules) {
    const bool may_repeat = rules.safe_to_repeat || !failure.maybe_sent;
    const bool is_worth_it = may_repeat && may_pass(failure.code);
    Judgement judgement(may_repeat ? Outcome::failed : Outcome::unknown,
                        is_worth_it ? AttemptEnd::repeatable() : AttemptEnd::final());
    judgement.error.emplace(failure.code, failure.message, is_worth_it, failure.maybe_sent);
    judgement.is_surely_undone = !failure.maybe_sent;
    judgement.load = failure.was_stale ? Load::unknown : load_of(failure.code);
    judgement.reach = reach_of(failure);
    return judgement;
}

}  // namespace

AskedWait asked_wait(int status, const http::LimitHeaders& said) {
    AskedWait asked;
    if (said.retry_after) {
        asked.wait = said.retry_after;
        asked.source = said.retry_after_source;
    } else if (status == 429) {
        for (const policy::LimitNotice& notice : said.notices) {
            if (notice.remaining != 0.0 || !notice.reset || (asked.wait && *asked.wait >= *notice.reset)) continue;
            asked.wait = notice.reset;
            asked.source = notice.source;
        }
    }
    return asked;
}

Judgement judge(const Attempt& attempt, const CallRules& rules, const AskedWait& asked) {
    if (const auto* response = std::get_if<http::Response>(&attempt)) return judge_answer(*response, rules, asked);
    return judge_failure(std::get<Failure>(attempt), rules);
}

}  // namespace plait::batch
