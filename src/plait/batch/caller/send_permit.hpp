#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/group/group.hpp"
#include "plait/batch/verdict/attempt_verdict.hpp"
#include "plait/policy/adaptive_limit.hpp"
#include "plait/policy/circuit_breaker.hpp"
#include "plait/policy/fixed_limit.hpp"
#include "plait/policy/pace/costs.hpp"
#include "plait/policy/pace/limit_notice.hpp"
#include "plait/policy/pace/pace.hpp"

#include <optional>
#include <string_view>

namespace plait::batch {

/// All that an attempt needs before it is sent: a permit of its origin's circuit breaker, slots of its origin and of
/// its group, and a permit of the group's pace. It is acquired as a whole, learns what the attempt showed, and is given
/// back when it is destroyed. Belongs to one loop.
class SendPermit final : private policy::HeldSlot {
  public:
    /// `circuit` and `origin_slots` are those of the origin; null: attempts ignore them. All outlive the permit.
    SendPermit(Group& group, policy::CircuitBreaker* circuit, policy::FixedLimit* origin_slots = nullptr) noexcept
        : group_(group), circuit_(circuit), origin_slots_(origin_slots) {}
    SendPermit(const SendPermit&) = delete;
    SendPermit& operator=(const SendPermit&) = delete;

    /// Acquires the permit if that takes no time; else returns false and keeps nothing. Throws `Error(bad_input)` for
    /// costs above a whole given limit.
    bool try_take(const policy::Costs& costs);

    enum class Turn {
        taken,
        unreachable,  ///< the origin could not be reached for too long
        parked        ///< the group is
    };
    /// Acquires the parts as they become free, the circuit first: an attempt that waits for an unreachable server holds
    /// no slot. The slot of the origin comes last, at the moment when the pace lets the attempt go: a group that is
    /// asked to wait takes none from other groups. Throws as `try_take`.
    Task<Turn> take(const policy::Costs& costs, int priority);

    /// The attempt is sent: its latency counts from here.
    void begin() noexcept override {
        if (slot_) slot_->begin();
    }

    // What the attempt showed of its server. For a permit that was acquired.

    void noticed(const policy::LimitNotice& notice) { group_.pace.noticed(*pace_permit_, notice); }
    void refused(std::optional<Duration> wait, std::string_view source) {
        group_.pace.refused(*pace_permit_, wait, source);
    }
    void settle(const policy::Costs& actual) { group_.pace.settle(*pace_permit_, actual); }
    void settle_apart(const policy::Costs& actual) { group_.pace.settle_apart(*pace_permit_, actual); }
    /// It was not sent after all.
    void take_back() { group_.pace.take_back(*pace_permit_); }
    /// Gives back the group's slot and the circuit's permit. An answer without a sign of overload was within the
    /// server's limits. `sign`: the sign of an overload, for people.
    void ended(Reach reach, policy::Load load, std::string_view sign = {}) noexcept;

    void give_back() noexcept;

  private:
    bool may_begin() const noexcept override { return !slot_ || slot_->may_begin(); }
    bool take_rest() noexcept override;
    void give_back_rest() noexcept override { origin_slot_.reset(); }

    Group& group_;
    policy::CircuitBreaker* circuit_;
    policy::FixedLimit* origin_slots_;
    std::optional<policy::FixedLimit::Permit> origin_slot_;
    std::optional<policy::AdaptiveLimit::Permit> slot_;
    std::optional<policy::CircuitBreaker::Permit> circuit_permit_;
    std::optional<policy::Pace::Permit> pace_permit_;
    bool found_origin_full_ = false;  ///< when its turn came
};

}  // namespace plait::batch
