#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/run/attempt_verdict.hpp"
#include "plait/batch/run/group.hpp"
#include "plait/policy/adaptive_limit.hpp"
#include "plait/policy/circuit_breaker.hpp"
#include "plait/policy/costs.hpp"
#include "plait/policy/limit_notice.hpp"
#include "plait/policy/pace.hpp"

#include <optional>
#include <string_view>

namespace plait::batch {

/// The right of an attempt to leave: the way to its origin, a place among what its group has in flight, and a pass of
/// its group's pace. It is taken whole, told what the attempt showed, and given back when it is destroyed. Belongs to
/// one loop.
class SendPermit {
  public:
    /// `circuit`: of the origin; null where none is to hold attempts up. Both outlive it.
    SendPermit(Group& group, policy::CircuitBreaker* circuit) noexcept : group_(group), circuit_(circuit) {}
    SendPermit(const SendPermit&) = delete;
    SendPermit& operator=(const SendPermit&) = delete;

    /// Takes the right if that takes no time; else false, and nothing is kept. Throws `Error(bad_input)` for costs that
    /// are above a whole given limit.
    bool try_take(const policy::Costs& costs);

    enum class Turn {
        taken,
        unreachable,  ///< the origin could not be reached for too long
        parked        ///< the group is
    };
    /// Takes it as its parts become free, the way first: who waits for a server that can't be reached takes no place
    /// from the others. Throws as `try_take`.
    Task<Turn> take(const policy::Costs& costs, int priority);

    /// The attempt leaves: its latency counts from here.
    void begin() noexcept {
        if (place_) place_->begin();
    }

    // What the attempt showed of its server. For a right that was taken.

    void noticed(const policy::LimitNotice& notice) { group_.pace.noticed(*pass_, notice); }
    void refused(std::optional<Duration> wait, std::string_view source) { group_.pace.refused(*pass_, wait, source); }
    void settle(const policy::Costs& actual) { group_.pace.settle(*pass_, actual); }
    /// Gives back the place and the way. An answer that is no sign of overload was let in by the server's limits.
    /// `sign`: what told of an overload.
    void ended(Reach reach, policy::Load load, std::string_view sign = {}) noexcept;

    void give_back() noexcept;

  private:
    Group& group_;
    policy::CircuitBreaker* circuit_;
    std::optional<policy::AdaptiveLimit::Permit> place_;
    std::optional<policy::CircuitBreaker::Permit> circuit_permit_;
    std::optional<policy::Pace::Permit> pass_;
};

}  // namespace plait::batch
