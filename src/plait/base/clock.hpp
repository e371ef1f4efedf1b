#pragma once

#include <chrono>

namespace plait {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// Tells the time. Nothing in plait but `SteadyClock` asks the operating system for the time.
class Clock {
  public:
    virtual ~Clock() = default;

    virtual TimePoint now() const = 0;

    /// Called by a loop that has nothing to do before `deadline` and waits for nothing outside itself. A clock that can
    /// make `deadline` the present does so and returns true; on false the loop really waits.
    virtual bool jump_to(TimePoint deadline) = 0;
};

/// The operating system's monotonic clock.
class SteadyClock final : public Clock {
  public:
    TimePoint now() const override { return std::chrono::steady_clock::now(); }
    bool jump_to(TimePoint) override { return false; }

    /// The one instance; it has no state.
    static SteadyClock& instance() noexcept;
};

/// A date and time of day. Unlike a `TimePoint` it jumps when somebody sets the clock.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Tells the date and the time of day, for times that peers send and people read. Never for measuring.
class WallClock {
  public:
    virtual ~WallClock() = default;

    virtual WallTime now() const = 0;
};

/// The operating system's calendar.
class SystemWallClock final : public WallClock {
  public:
    WallTime now() const override { return std::chrono::system_clock::now(); }

    /// The one instance; it has no state.
    static SystemWallClock& instance() noexcept;
};

/// Returns the date at which `SteadyClock` showed zero, by the present setting of the system's clock: for dates in
/// messages.
std::chrono::system_clock::time_point epoch_of_steady_clock() noexcept;

}  // namespace plait
