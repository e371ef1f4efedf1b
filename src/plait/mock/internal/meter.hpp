#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/allowed_rate.hpp"
#include "plait/mock/internal/limit_text.hpp"

#include <memory>

namespace plait::mock::internal {

/// What one rate has let in, and lets in still.
class Meter {
  public:
    virtual ~Meter() = default;

    /// Before all else at a time, which never goes back.
    virtual void move_to(TimePoint now) = 0;

    virtual bool has_room() const = 0;
    /// A request is let in, for which there is room.
    virtual void let_in() = 0;
    /// A request is refused, by this rate or another one.
    virtual void refuse() {}

    /// Whether nothing that came counts any more.
    virtual bool is_empty() const = 0;

    /// Where a client stands; `refused`: it is to know when to come again.
    virtual LimitState state(bool refused) const = 0;

    /// How long the request that was let in last has to wait.
    virtual Duration delay() const { return Duration::zero(); }
};

/// A meter for this rate. `since_1970` is the calendar's time when the clock showed zero.
std::unique_ptr<Meter> make_meter(const AllowedRate& rate, Duration since_1970);

}  // namespace plait::mock::internal
