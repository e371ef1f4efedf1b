#pragma once

#include <chrono>

namespace plait {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// Where the time comes from. Nothing in plait but `SteadyClock` asks the operating system for the time.
class Clock {
  public:
    virtual ~Clock() = default;

    virtual TimePoint now() const = 0;

    /// Called by a loop that has nothing to do before `deadline` and waits for nothing outside itself. A clock that can
    /// make `deadline` the present does so and answers true; on false the loop really waits.
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

/// A time of the calendar, which can be set; `TimePoint` can't.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Where dates come from: for what peers say as a time of day, and for what people read. Never for measuring.
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

/// The calendar's time at which `SteadyClock` showed zero, as the system knows it now: for dates in messages.
std::chrono::system_clock::time_point epoch_of_steady_clock() noexcept;

}  // namespace plait
