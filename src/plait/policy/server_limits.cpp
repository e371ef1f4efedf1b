#include "plait/policy/server_limits.hpp"

#include "plait/policy/internal/amount.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace plait::policy {

namespace {

constexpr double nothing_known = std::numeric_limits<double>::infinity();

// A server that names its limits anew with each answer must not fill the memory.
constexpr std::size_t most_quotas = 16;

// What is remembered of the calls that left, to measure a pace with.
constexpr Duration shortest_measured = std::chrono::seconds(1);
constexpr Duration longest_measured = std::chrono::minutes(1);
constexpr Duration slot_length = std::chrono::milliseconds(10);

// Fewer accepted calls than this say little: the quota may have been used up before this run began.
constexpr double least_evidence = 8;

constexpr double first_step = 0.02;
constexpr double longest_step = 1;
// Two measurements this near to each other agree.
constexpr double agreement = 0.1;
constexpr double small_cut = 0.05;

// How long a quota of unknown length is believed to be full again before the server has said so.
constexpr Duration unknown_window = std::chrono::seconds(1);

Duration times(Duration duration, double factor) noexcept {
    return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * factor));
}

SlidingWindowOptions as_asked() noexcept {
    SlidingWindowOptions options;
    options.spread = false;
    return options;
}

}  // namespace

TimePoint ServerLimits::earliest(const Costs& costs, TimePoint now, std::size_t waiting) {
    if (lesson_ && now >= hold_until_) learn_pace(now);
    TimePoint when = now;
    because_ = Because::nothing;
    const auto wait_for = [&](TimePoint time, Because because) {
        if (time <= when) return;
        when = time;
        because_ = because;
    };

    for (Quota& quota : quotas_) {
        const TimePoint before = when;
        wait_for(earliest_of(quota, costs, now), Because::quota);
        if (when > before) because_quota_ = static_cast<std::size_t>(&quota - quotas_.data());
    }
    if (now < hold_until_) {
        wait_for(hold_until_, Because::refusal);
    } else if (now < return_end_) {
        // The first of as many evenly drawn times as there are waiting; each that leaves draws the next.
        if (!next_return_) {
            const double first_of_all =
                1 - std::pow(draw(random_), 1 / static_cast<double>(std::max<std::size_t>(waiting, 1)));
            next_return_ = now + times(return_end_ - now, first_of_all);
        }
        wait_for(*next_return_, Because::return_in_turn);
    }
    if (pace_) {
        const TimePoint next = pace_->earliest(costs.get(requests_unit).value_or(1), now);
        if (next > now) pace_held_back_ = true;
        wait_for(next, Because::pace);
    }
    because_until_ = when;
    return when;
}

TimePoint ServerLimits::earliest_of(Quota& quota, const Costs& costs, TimePoint now) {
    if (now >= quota.reset_at && quota.remaining != nothing_known) {
        if (quota.empty_since) come_back_from(quota.reset_at, quota.reset_at - *quota.empty_since);
        quota.empty_since.reset();
        quota.remaining = quota.limit.value_or(nothing_known);
        quota.reset_at = now + (quota.window ? quota.window->limit().window : unknown_window);
    }
    // Who does not say what it costs still can't go when nothing is left; who costs more than all goes when all is
    // left.
    double cost = std::max(costs.get(quota.unit).value_or(0), std::numeric_limits<double>::min());
    if (quota.limit) cost = std::min(cost, *quota.limit);
    TimePoint when = now;
    if (quota.remaining < cost) {
        if (!quota.empty_since) quota.empty_since = now;
        when = quota.reset_at;
        if (when - now > options_.max_wait && when > parked_until_) {
            parked_until_ = when;
            parked_.limit = fmt::format("not enough {} left", quota.unit);
            parked_.learnt_from = quota.source;
            parked_.until = when;
        }
    }
    if (quota.window) when = std::max(when, quota.window->earliest(cost, now));
    return when;
}

ServerLimits::Grant ServerLimits::leave(const Costs& costs, TimePoint now) {
    const double requests = costs.get(requests_unit).value_or(1);
    Grant grant;
    grant.when = now;
    grant.requests = requests_ += requests;
    for (const auto& [unit, amount] : costs) {
        if (unit == requests_unit) continue;
        auto known =
            std::find_if(others_.begin(), others_.end(), [&](const auto& other) { return other.first == unit; });
        if (known == others_.end()) known = others_.insert(known, {unit, 0});
        known->second += amount;
        grant.others.push_back(*known);
    }
    for (Quota& quota : quotas_) {
        const double cost = costs.get(quota.unit).value_or(0);
        quota.remaining -= cost;
        if (quota.window) quota.window->take(cost, now);
    }
    if (pace_) {
        pace_->take(requests, now);
        grow_pace(now);
    }
    next_return_.reset();

    if (accepted_.empty() || now - accepted_.back().begin >= slot_length) accepted_.push_back({now, 0});
    accepted_.back().left += 1;
    while (accepted_.front().begin < now - longest_measured) accepted_.pop_front();
    return grant;
}

double ServerLimits::left_since(const Grant& grant, std::string_view unit) const {
    if (unit == requests_unit) return requests_ - grant.requests;
    const auto amount = [&](const auto& list) {
        const auto known =
            std::find_if(list.begin(), list.end(), [&](const auto& other) { return other.first == unit; });
        return known == list.end() ? 0 : known->second;
    };
    const double before = amount(grant.others);
    return before == 0 ? 0 : amount(others_) - before;
}

ServerLimits::Quota& ServerLimits::quota_of(const LimitNotice& notice) {
    for (Quota& quota : quotas_) {
        if (quota.unit == notice.unit && quota.source == notice.source) return quota;
    }
    if (quotas_.size() == most_quotas) quotas_.erase(quotas_.begin());
    Quota& quota = quotas_.emplace_back(notice.unit, notice.source);
    quota.remaining = nothing_known;
    quota.told_at = TimePoint::min();
    return quota;
}

void ServerLimits::notice(const LimitNotice& notice, const Grant& grant, TimePoint now) {
    Quota& quota = quota_of(notice);
    if (grant.when < quota.told_at) return;
    quota.told_at = grant.when;
    if (notice.limit && *notice.limit > 0) quota.limit = notice.limit;
    if (quota.limit && notice.window && *notice.window > Duration::zero()) {
        if (!quota.window || quota.window->limit().window != *notice.window) {
            quota.window.emplace(RateLimit(quota.unit, *quota.limit, *notice.window), as_asked());
        } else {
            quota.window->set_amount(*quota.limit);
        }
    }
    if (!notice.remaining) return;
    // Without a time that it holds for, what is left is only news, no quota.
    const auto holds_for = notice.reset ? notice.reset : notice.window;
    if (!holds_for || *holds_for <= Duration::zero()) {
        quota.remaining = nothing_known;
        return;
    }
    quota.remaining = *notice.remaining - left_since(grant, quota.unit);
    quota.reset_at = now + *holds_for;
    if (quota.remaining <= 0) return;
    quota.empty_since.reset();
    if (parked_.learnt_from == quota.source) parked_until_ = TimePoint::min();  // there is something left after all
}

void ServerLimits::refused(std::optional<Duration> wait, std::string_view source, const Grant& grant, TimePoint now) {
    const auto slot = std::find_if(accepted_.rbegin(), accepted_.rend(),
                                   [&](const Slot& candidate) { return candidate.begin <= grant.when; });
    if (slot != accepted_.rend()) slot->left = std::max(0.0, slot->left - 1);

    const bool is_news = grant.when > held_since_;
    if (!wait && is_news) {
        const bool follows_closely = now < hold_until_ + 2 * unasked_wait_;
        unasked_wait_ =
            follows_closely ? std::min(unasked_wait_ * 2, options_.longest_unasked) : options_.first_unasked;
    }
    if (!wait && !is_news) return;  // the wait that it asks for has begun
    const Duration asked = std::max(wait.value_or(unasked_wait_), Duration::zero());

    if (asked > options_.max_wait) {
        if (now + asked > parked_until_) {
            parked_until_ = now + asked;
            parked_.limit = "asked to wait";
            parked_.learnt_from = source;
            parked_.until = parked_until_;
        }
        return;
    }
    if (is_news) {
        // Learnt when the hold is over: by then those that left together with this one are known to be refused too.
        lesson_ = Lesson{asked, grant.when, hold_until_};
        held_since_ = now;
    }
    if (now + asked > hold_until_) {
        hold_until_ = now + asked;
        hold_source_ = source;
        come_back_from(hold_until_, asked);
    }
}

void ServerLimits::come_back_from(TimePoint end, Duration waited) {
    return_end_ = std::max(return_end_, end + times(waited, options_.spread));
    next_return_.reset();
}

void ServerLimits::learn_pace(TimePoint now) {
    const Lesson lesson = *std::exchange(lesson_, std::nullopt);
    const Duration window = std::clamp(lesson.wait, shortest_measured, longest_measured);
    const double accepted = std::max(1.0, accepted_in(window, lesson.left_at));
    if (!pace_ && accepted < least_evidence && !thin_evidence_) {
        thin_evidence_ = true;
        return;
    }
    const double before = pace_ ? pace_->limit().amount / static_cast<double>(pace_->limit().window.count()) : 0;
    double rate = accepted / static_cast<double>(window.count());
    // After a hold there is less than a window to measure, and it began with a small burst: never up, but a little
    // down.
    if (pace_ && lesson.left_at - window < lesson.last_hold_ended) {
        const auto measured =
            static_cast<double>(std::max(lesson.left_at - lesson.last_hold_ended, slot_length).count());
        rate = std::min(accepted / measured, before * (1 - small_cut));
    }
    const bool proved_right = std::abs(rate - before) <= before * agreement;
    trust_ = proved_right ? std::min(trust_ * 2, options_.longest_trust) : options_.trust;
    grow_at_ = now + trust_;
    step_ = first_step;
    pace_held_back_ = false;
    const double amount = std::max(1.0, std::floor(rate * static_cast<double>(window.count())));
    if (pace_ && pace_->limit().window == window) {
        pace_->set_amount(amount);
    } else {
        pace_.emplace(RateLimit(requests_unit, amount, window));
    }
}

void ServerLimits::grow_pace(TimePoint now) {
    if (now < grow_at_ || !pace_held_back_) return;
    pace_->set_amount(pace_->limit().amount * (1 + step_));
    step_ = std::min(step_ * 2, longest_step);
    grow_at_ = now + pace_->limit().window;
    pace_held_back_ = false;
}

double ServerLimits::accepted_in(Duration window, TimePoint end) const {
    double sum = 0;
    for (const Slot& slot : accepted_) {
        if (slot.begin > end - window && slot.begin <= end) sum += slot.left;
    }
    return sum;
}

std::optional<WaitReason> ServerLimits::parked(TimePoint now) const {
    if (now >= parked_until_) return std::nullopt;
    return parked_;
}

WaitReason ServerLimits::reason() const {
    WaitReason reason;
    reason.until = because_until_;
    switch (because_) {
        case Because::nothing:
            break;
        case Because::refusal:
        case Because::return_in_turn:
            reason.limit = "asked to wait";
            reason.learnt_from = hold_source_;
            break;
        case Because::pace:
            reason.limit =
                to_string(RateLimit(requests_unit, std::round(pace_->limit().amount), pace_->limit().window));
            reason.learnt_from = "refusals";
            break;
        case Because::quota: {
            const Quota& quota = quotas_[because_quota_];
            const std::string left = internal::amount_text(std::max(0.0, std::floor(quota.remaining)));
            reason.limit = quota.limit
                               ? fmt::format("{}: {} of {} left", quota.unit, left, internal::amount_text(*quota.limit))
                               : fmt::format("{}: {} left", quota.unit, left);
            reason.learnt_from = quota.source;
            break;
        }
    }
    return reason;
}

std::optional<RateLimit> ServerLimits::learnt_pace() const {
    if (!pace_) return std::nullopt;
    return pace_->limit();
}

std::vector<LimitNotice> ServerLimits::quotas(TimePoint now) const {
    std::vector<LimitNotice> known;
    for (const Quota& quota : quotas_) {
        LimitNotice& notice = known.emplace_back(quota.unit, quota.source);
        notice.limit = quota.limit;
        if (quota.remaining != nothing_known && now < quota.reset_at) {
            notice.remaining = std::max(0.0, quota.remaining);
            notice.reset = quota.reset_at - now;
        }
        if (quota.window) notice.window = quota.window->limit().window;
    }
    return known;
}

}  // namespace plait::policy
