#include "plait/policy/pace/server_limits.hpp"

#include "plait/policy/pace/internal/amount.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace plait::policy {

namespace {

// A server that renames its limits in each answer must not fill the memory.
constexpr std::size_t most_quotas = 16;

// A smaller amount in flight is a rounding error.
constexpr double rounding = 1e-6;

// This many refusals in a row, each explained by a used-up quota, prove the quota wrong.
constexpr int proof_of_wrong_quota = 8;

}  // namespace

TimePoint ServerLimits::earliest(const Costs& costs, TimePoint now) {
    TimePoint when = now;
    because_ = Because::nothing;
    const auto wait_for = [&](TimePoint time, Because because) {
        if (time <= when) return false;
        when = time;
        because_ = because;
        return true;
    };
    if (!opening_.is_over()) wait_for(opening_.earliest(now), Because::opening);
    for (AnnouncedQuota& quota : quotas_) {
        // A call without a stated cost can't be sent when nothing is left. One that costs more than the whole quota is
        // sent when all of it is left.
        double cost = std::max(costs.get(quota.unit()).value_or(0), std::numeric_limits<double>::min());
        if (quota.limit()) cost = std::min(cost, *quota.limit());
        const TimePoint time = quota.earliest(cost, in_flight(quota.unit()), now);
        if (!wait_for(time, Because::quota)) continue;
        because_quota_ = static_cast<std::size_t>(&quota - quotas_.data());
        if (time != TimePoint::max() && time - now > options_.max_wait)
            park(time, fmt::format("not enough {} left", quota.unit()), quota.source());
    }
    wait_for(asked_until_, Because::asked);
    wait_for(learnt_.earliest(now), Because::learnt);
    because_until_ = when;
    return when;
}

ServerLimits::Grant ServerLimits::sent(const Costs& costs, TimePoint now) {
    Grant grant;
    grant.when = now;
    grant.number = ++last_number_;
    grant.requests = costs.get(requests_unit).value_or(1);
    for (const auto& [unit, amount] : costs) {
        if (unit != requests_unit) grant.others.emplace_back(unit, amount);
    }
    for (AnnouncedQuota& quota : quotas_)
        quota.sent({grant.number, now, cost_of(grant, quota.unit())}, in_flight(quota.unit()));
    requests_ += grant.requests;
    requests_in_flight_ += grant.requests;
    for (const auto& [unit, amount] : grant.others) {
        const auto known = std::find_if(others_in_flight_.begin(), others_in_flight_.end(),
                                        [&](const auto& other) { return other.first == unit; });
        if (known == others_in_flight_.end()) {
            others_in_flight_.emplace_back(unit, amount);
        } else {
            known->second += amount;
        }
    }
    opening_.sent(now);
    learnt_.sent({grant.number, now}, now);
    return grant;
}

double ServerLimits::in_flight(std::string_view unit) const noexcept {
    if (unit == requests_unit) return requests_in_flight_;
    for (const auto& [known, amount] : others_in_flight_) {
        if (known == unit) return amount;
    }
    return 0;
}

double ServerLimits::cost_of(const Grant& grant, std::string_view unit) noexcept {
    if (unit == requests_unit) return grant.requests;
    for (const auto& [known, amount] : grant.others) {
        if (known == unit) return amount;
    }
    return 0;
}

AnnouncedQuota& ServerLimits::quota_of(const LimitNotice& notice) {
    for (AnnouncedQuota& quota : quotas_) {
        if (quota.unit() == notice.unit && quota.source() == notice.source) return quota;
    }
    if (quotas_.size() == most_quotas) quotas_.erase(quotas_.begin());
    return quotas_.emplace_back(notice.unit, notice.source);
}

void ServerLimits::notice(const LimitNotice& notice, const Grant& grant, TimePoint now) {
    AnnouncedQuota& quota = quota_of(notice);
    const double all_cost = notice.unit == requests_unit ? requests_ : 0;
    quota.update(notice, {grant.number, grant.when, cost_of(grant, notice.unit), all_cost}, now);
    if (!quota.has_time() && notice.unit == requests_unit && notice.remaining && *notice.remaining < 1)
        learnt_.ran_out({grant.number, grant.when}, now);
}

void ServerLimits::accepted(Grant& grant, TimePoint now) {
    if (std::exchange(grant.is_reported, true)) return;
    opening_.answered(grant.when, now);
    if (grant.number > last_explained_) explained_in_a_row_ = 0;
    learnt_.accepted({grant.number, grant.when}, now);
}

void ServerLimits::refused(std::optional<Duration> wait, std::string_view source, Grant& grant, TimePoint now) {
    if (std::exchange(grant.is_reported, true)) return;
    opening_.answered(grant.when, now);
    if (wait) wait = std::max(*wait, Duration::zero());
    asked_by_ = source;
    const LearntPace::Call call{grant.number, grant.when};
    if (wait && *wait > options_.max_wait) {
        if (now + *wait > parked_until_) park(now + *wait, "asked to wait", source);
        learnt_.dropped(call, now);
        return;
    }
    bool is_explained = false;
    for (AnnouncedQuota& quota : quotas_) {
        if (!quota.was_used_up_for(grant.number)) continue;
        is_explained = true;
        if (wait) quota.asked_to_wait_until(now + *wait);
    }
    const bool is_news = grant.number > last_explained_;
    if (is_explained && explained_in_a_row_ < proof_of_wrong_quota) {
        // Calls sent together are refused together: that is one refusal.
        if (is_news) {
            ++explained_in_a_row_;
            last_explained_ = last_number_;
        }
        if (wait) asked_until_ = std::max(asked_until_, now + *wait);
        learnt_.dropped(call, now);
        return;
    }
    learnt_.refused(call, wait, now);
    park_if_silent(now);
}

void ServerLimits::ended(Grant& grant, TimePoint now) {
    const bool is_answered = std::exchange(grant.is_reported, true);
    if (!is_answered) learnt_.dropped({grant.number, grant.when}, now);
    requests_in_flight_ = std::max(0.0, requests_in_flight_ - grant.requests);
    for (const auto& [unit, amount] : grant.others) {
        for (auto& [known, sum] : others_in_flight_) {
            if (known == unit) sum -= amount;
        }
    }
    std::erase_if(others_in_flight_, [](const auto& other) { return other.second < rounding; });
    for (AnnouncedQuota& quota : quotas_)
        quota.ended({grant.number, grant.when, cost_of(grant, quota.unit())}, is_answered, now);
}

void ServerLimits::park(TimePoint until, std::string limit, std::string_view source) {
    parked_until_ = until;
    parked_.limit = std::move(limit);
    parked_.learnt_from = source;
    parked_.until = until;
}

void ServerLimits::park_if_silent(TimePoint now) {
    const auto since = learnt_.silent_since();
    if (!since || now - *since < options_.max_wait) return;
    park(now + options_.max_wait, "refused each call for too long", asked_by_);
}

std::optional<WaitReason> ServerLimits::parked(TimePoint now) const {
    if (now >= parked_until_) return std::nullopt;
    return parked_;
}

std::optional<WaitReason> ServerLimits::reason() const {
    WaitReason reason;
    reason.until = because_until_;
    switch (because_) {
        case Because::nothing:
            return std::nullopt;
        case Because::opening:
            reason.limit = "waits for the first answers";
            break;
        case Because::asked:
            reason.limit = "asked to wait";
            reason.learnt_from = asked_by_;
            break;
        case Because::learnt:
            if (const auto pace = learnt_.limit()) {
                reason.limit =
                    to_string(RateLimit(requests_unit, std::max(1.0, std::round(pace->amount)), pace->window));
                reason.learnt_from = "refusals";
            } else {
                reason.limit = "refused; one call at a time tries again";
                reason.learnt_from = asked_by_;
            }
            break;
        case Because::quota: {
            const AnnouncedQuota& quota = quotas_[because_quota_];
            const double left = quota.left(in_flight(quota.unit()), because_until_ - Duration(1)).value_or(0);
            const std::string amount = internal::amount_text(std::max(0.0, std::floor(left)));
            reason.limit = quota.limit() ? fmt::format("{}: {} of {} left", quota.unit(), amount,
                                                       internal::amount_text(*quota.limit()))
                                         : fmt::format("{}: {} left", quota.unit(), amount);
            reason.learnt_from = quota.source();
            break;
        }
    }
    return reason;
}

std::vector<LimitNotice> ServerLimits::quotas(TimePoint now) const {
    std::vector<LimitNotice> known;
    for (const AnnouncedQuota& quota : quotas_) {
        LimitNotice& notice = known.emplace_back(quota.unit(), quota.source());
        notice.limit = quota.limit();
        notice.window = quota.window();
        notice.remaining = quota.left(in_flight(quota.unit()), now);
        if (notice.remaining && quota.resets_at()) notice.reset = *quota.resets_at() - now;
    }
    return known;
}

}  // namespace plait::policy
