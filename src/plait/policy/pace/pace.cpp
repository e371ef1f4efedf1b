#include "plait/policy/pace/pace.hpp"

#include "plait/base/error.hpp"
#include "plait/policy/pace/internal/amount.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plait::policy {

Pace::Pace(PaceOptions options, Semaphore* slots) : slots_(slots), server_(options.server) {
    given_.reserve(options.limits.size());
    for (const RateLimit& limit : options.limits) given_.emplace_back(limit, options.log);
}

Pace::GivenLimit::GivenLimit(const RateLimit& limit, std::shared_ptr<LimitLog> log_)
    : window(limit), log(std::move(log_)) {
    if (!log) return;
    for (const SlidingWindow::Sent& sent : log->before(limit)) window.restore(sent, now());
}

SlidingWindow::Moment Pace::GivenLimit::take(double cost) {
    const SlidingWindow::Moment moment = window.take(cost, now());
    remember(moment);
    return moment;
}

void Pace::GivenLimit::settle(SlidingWindow::Moment moment, double reserved, double actual) {
    if (reserved != actual) remember(window.settle(moment, reserved, actual, now()));
}

void Pace::GivenLimit::learn(double cost) noexcept {
    settled_sum += cost;
    settled_count += 1;
}

void Pace::GivenLimit::remember(SlidingWindow::Moment moment) {
    if (!log) return;
    // A call may be settled long after it left the window: then there is nothing to record.
    if (const auto sent = window.sent_in(moment)) log->sent(window.limit(), moment, *sent);
}

double Pace::GivenLimit::cost_of(const Costs& costs) const noexcept {
    if (const auto told = costs.get(window.limit().unit)) return *told;
    if (settled_count > 0) return std::min(settled_sum / settled_count, window.limit().amount);
    return window.burst_amount();
}

/// A call in the queue, and its permit once one was granted by the call before it.
class Pace::Waiter final : public internal::WaitingLine::Place {
  public:
    Waiter(internal::WaitingLine& line, const Costs& costs_, int priority, HeldSlot* held)
        : Place(line, priority), costs(costs_), held_(held) {}

    bool may_begin() const noexcept { return !held_ || held_->may_begin(); }
    bool take_rest() noexcept { return !held_ || held_->take_rest(); }
    void grant(Permit granted) noexcept {
        permit = std::move(granted);
        if (held_) held_->begin();
        leave();
    }

    const Costs& costs;
    std::optional<Permit> permit;

  private:
    HeldSlot* held_;
};

Task<std::optional<Pace::Permit>> Pace::enter(Costs costs, int priority, HeldSlot* held) {
    if (auto permit = try_enter(costs, held)) co_return std::move(*permit);
    if (held) held->give_back_rest();
    Waiter waiter(line_, costs, priority, held);
    while (!waiter.permit && !parked()) {
        if (!waiter.is_first()) {
            co_await waiter.called();
            continue;
        }
        const TimePoint when = earliest(costs);
        if (parked()) break;
        if (when == TimePoint::max() || !waiter.may_begin()) {
            co_await waiter.called();  // when a call in flight ends
        } else if (when > now()) {
            co_await waiter.called_or_at(when);
        } else {
            std::optional<Semaphore::Permit> slot;
            if (slots_) slot = co_await slots_->acquire();
            // A refusal, or a call with a higher priority, may have come meanwhile.
            if (!waiter.is_first() || parked() || earliest(costs) > now() || !waiter.may_begin()) continue;
            if (!waiter.take_rest()) break;
            waiter.grant(sent(costs, std::move(slot)));
            serve_line();
        }
    }
    if (parked() && waiter.is_first()) line_.call_all();
    co_return std::move(waiter.permit);
}

/// Grants permits to those next in the queue that may go now, too. Woken one after another, they would remain a queue
/// for as long as calls come.
void Pace::serve_line() {
    while (!line_.empty()) {
        auto& next = static_cast<Waiter&>(line_.first());
        const bool may_go = !parked() && earliest(next.costs) <= now() && next.may_begin();
        std::optional<Semaphore::Permit> slot = may_go && slots_ ? slots_->try_acquire() : std::nullopt;
        next.call();
        if (!may_go || (slots_ && !slot) || !next.take_rest()) return;
        next.grant(sent(next.costs, std::move(slot)));
    }
}

std::optional<Pace::Permit> Pace::try_enter(const Costs& costs, HeldSlot* held) {
    check(costs);
    if (!line_.empty()) return std::nullopt;
    std::optional<Semaphore::Permit> slot = slots_ ? slots_->try_acquire() : std::nullopt;
    if ((slots_ && !slot) || parked() || earliest(costs) > now()) return std::nullopt;
    if (held && (!held->may_begin() || !held->take_rest())) return std::nullopt;
    if (held) held->begin();
    return sent(costs, std::move(slot));
}

void Pace::check(const Costs& costs) const {
    for (const GivenLimit& given : given_) {
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
    for (GivenLimit& given : given_) {
        const TimePoint when = given.window.earliest(given.cost_of(costs), now());
        if (when <= held_until_) continue;
        held_until_ = when;
        held_by_ = &given;
    }
    return held_until_;
}

Pace::Permit Pace::sent(const Costs& costs, std::optional<Semaphore::Permit> slot) {
    Permit permit(*this);
    permit.slot_ = std::move(slot);
    permit.grant_ = server_.sent(costs, now());
    permit.shares_.reserve(given_.size());
    for (GivenLimit& given : given_) {
        const double cost = given.cost_of(costs);
        permit.shares_.push_back({given.take(cost), cost});
    }
    return permit;
}

void Pace::settle(Permit& permit, const Costs& actual) { settle(permit, actual, true); }

void Pace::settle_apart(Permit& permit, const Costs& actual) { settle(permit, actual, false); }

void Pace::take_back(Permit& permit) {
    for (std::size_t i = 0; i < given_.size(); ++i) {
        Permit::Share& share = permit.shares_[i];
        given_[i].settle(share.moment, share.reserved, 0);
        share.reserved = 0;
    }
    line_.call_first();
}

void Pace::settle(Permit& permit, const Costs& actual, bool is_typical) {
    for (std::size_t i = 0; i < given_.size(); ++i) {
        GivenLimit& given = given_[i];
        const std::string& unit = given.window.limit().unit;
        const bool is_told =
            std::any_of(actual.begin(), actual.end(), [&](const auto& cost) { return cost.first == unit; });
        if (!is_told) continue;
        const double cost = *actual.get(unit);
        given.settle(permit.shares_[i].moment, permit.shares_[i].reserved, cost);
        permit.shares_[i].reserved = cost;
        if (is_typical) given.learn(cost);
    }
    line_.call_first();
}

void Pace::noticed(const Permit& permit, const LimitNotice& notice) {
    server_.notice(notice, permit.grant_, now());
    line_.call_first();
}

void Pace::accepted(Permit& permit) {
    server_.accepted(permit.grant_, now());
    line_.call_first();
}

void Pace::refused(Permit& permit, std::optional<Duration> wait, std::string_view source) {
    server_.refused(wait, source, permit.grant_, now());
    if (parked()) {
        line_.call_all();
    } else {
        line_.call_first();
    }
}

void Pace::ended(Permit& permit) noexcept {
    server_.ended(permit.grant_, now());
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
