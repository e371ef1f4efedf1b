#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/limit/allowed_rate.hpp"
#include "plait/mock/limit/internal/limit_text.hpp"

#include <memory>

namespace plait::mock::internal {

/// Decides by one rate which requests to accept.
class Meter {
  public:
    virtual ~Meter() = default;

    /// Sets the time, which never goes back. Call it before all else.
    virtual void move_to(TimePoint now) = 0;

    virtual bool has_room() const = 0;
    /// Records an accepted request. There must be room for it.
    virtual void let_in() = 0;
    /// Records a refusal, by this rate or another.
    virtual void refuse() {}

    /// Whether no earlier request counts any more.
    virtual bool is_empty() const = 0;

    /// Returns the state for a client, which after a refusal says when to come again.
    virtual LimitState state(bool refused) const = 0;

    /// Returns how long the last accepted request is delayed.
    virtual Duration delay() const { return Duration::zero(); }
};

/// Makes a meter for this rate. `since_1970` is the calendar time at which the clock was zero.
std::unique_ptr<Meter> make_meter(const AllowedRate& rate, Duration since_1970);

}  // namespace plait::mock::internal
