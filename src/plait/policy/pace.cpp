#include "plait/policy/pace.hpp"

#include "plait/base/error.hpp"
#include "plait/policy/internal/amount.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plait::policy {

Pace::Pace(PaceOptions options, Semaphore* places) : places_(places), server_(options.server) {
    given_.reserve(options.limits.size());
    for (const RateLimit& limit : options.limits) given_.emplace_back(limit, options.log);
}

Pace::Given::Given(const RateLimit& limit, std::shared_ptr<LimitLog> log_) : window(limit), log(std::move(log_)) {
    if (!log) return;
    for (const SlidingWindow::Left& left : log->before(limit)) window.restore(left, now());
}

SlidingWindow::Moment Pace::Given::take(double cost) {
    const SlidingWindow::Moment moment = window.take(cost, now());
    remember(moment);
    return moment;
}

void Pace::Given::settle(SlidingWindow::Moment moment, double reserved, double actual) {
    if (reserved != actual) remember(window.settle(moment, reserved, actual, now()));
}

void Pace::Given::remember(SlidingWindow::Moment moment) {
    if (!log) return;
    // A call may be settled long after it left the window: then there is nothing to remember.
    if (const auto left = window.left_in(moment)) log->left(window.limit(), moment, *left);
}

double Pace::Given::cost_of(const Costs& costs) const noexcept {
    if (const auto told = costs.get(window.limit().unit)) return *told;
    if (settled_count > 0) return std::min(settled_sum / settled_count, window.limit().amount);
    return window.burst_amount();
}

Task<std::optional<Pace::Pass>> Pace::enter(Costs costs, int priority) {
    if (auto pass = try_enter(costs)) co_return std::move(*pass);
    internal::WaitingLine::Place in_line(line_, priority);
    while (!parked()) {
        if (!in_line.is_first()) {
            co_await in_line.called();
            continue;
        }
        const TimePoint when = earliest(costs);
        if (parked()) break;
        if (when == TimePoint::max()) {
            co_await in_line.called();  // by the end of a call in flight
        } else if (when > now()) {
            co_await in_line.called_or_at(when);
        } else if (!places_) {
            co_return leave(costs, std::nullopt);
        } else {
            Semaphore::Permit place = co_await places_->acquire();
            // Meanwhile a refusal may have come, or somebody with a higher priority.
            if (in_line.is_first() && !parked() && earliest(costs) <= now()) co_return leave(costs, std::move(place));
        }
    }
    if (in_line.is_first()) line_.call_all();
    co_return std::nullopt;
}

std::optional<Pace::Pass> Pace::try_enter(const Costs& costs) {
    check(costs);
    if (!line_.empty()) return std::nullopt;
    std::optional<Semaphore::Permit> place = places_ ? places_->try_acquire() : std::nullopt;
    if ((places_ && !place) || parked() || earliest(costs) > now()) return std::nullopt;
    return leave(costs, std::move(place));
}

void Pace::check(const Costs& costs) const {
    for (const Given& given : given_) {
        const RateLimit& limit = given.window.limit();
        const double cost = costs.get(limit.unit).value_or(0);
        if (cost <= limit.amount) continue;
        throw Error(ErrorCode::bad_input,
                    fmt::format("a call that costs {} {}: the limit is {}; it could never be sent",
                                internal::amount_text(cost), limit.unit, to_string(limit)));
    }
}

TimePoint Pace::earliest(const Costs& costs) {
    held_by_ = nullptr;
    held_until_ = server_.earliest(costs, now());
    for (Given& given : given_) {
        const TimePoint when = given.window.earliest(given.cost_of(costs), now());
        if (when <= held_until_) continue;
        held_until_ = when;
        held_by_ = &given;
    }
    return held_until_;
}

Pace::Pass Pace::leave(const Costs& costs, std::optional<Semaphore::Permit> place) {
    Pass pass(*this);
    pass.place_ = std::move(place);
    pass.grant_ = server_.leave(costs, now());
    pass.shares_.reserve(given_.size());
    for (Given& given : given_) {
        const double cost = given.cost_of(costs);
        pass.shares_.push_back({given.take(cost), cost});
    }
    return pass;
}

void Pace::settle(Pass& pass, const Costs& actual) {
    for (std::size_t i = 0; i < given_.size(); ++i) {
        Given& given = given_[i];
        const std::string& unit = given.window.limit().unit;
        const bool is_told =
            std::any_of(actual.begin(), actual.end(), [&](const auto& cost) { return cost.first == unit; });
        if (!is_told) continue;
        const double cost = *actual.get(unit);
        given.settle(pass.shares_[i].moment, pass.shares_[i].reserved, cost);
        pass.shares_[i].reserved = cost;
        given.settled_sum += cost;
        given.settled_count += 1;
    }
    line_.call_first();
}

void Pace::noticed(const Pass& pass, const LimitNotice& notice) {
    server_.notice(notice, pass.grant_, now());
    line_.call_first();
}

void Pace::accepted(Pass& pass) {
    server_.accepted(pass.grant_, now());
    line_.call_first();
}

void Pace::refused(Pass& pass, std::optional<Duration> wait, std::string_view source) {
    server_.refused(wait, source, pass.grant_, now());
    if (parked()) {
        line_.call_all();
    } else {
        line_.call_first();
    }
}

void Pace::ended(Pass& pass) noexcept {
    server_.ended(pass.grant_, now());
    line_.call_first();
}

std::optional<WaitReason> Pace::waits_for() const {
    if (line_.empty()) return std::nullopt;
    if (!held_by_) return server_.reason();
    WaitReason reason;
    reason.limit = to_string(held_by_->window.limit());
    reason.until = held_until_;
    return reason;
}

}  // namespace plait::policy
