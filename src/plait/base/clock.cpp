#include "plait/base/clock.hpp"

namespace plait {

// The clocks are never destroyed: threads may still use them while the program exits.

SteadyClock& SteadyClock::instance() noexcept {
    static SteadyClock& clock = *new SteadyClock;
    return clock;
}

SystemWallClock& SystemWallClock::instance() noexcept {
    static SystemWallClock& clock = *new SystemWallClock;
    return clock;
}

std::chrono::system_clock::time_point epoch_of_steady_clock() noexcept {
    return std::chrono::system_clock::now() - SteadyClock::instance().now().time_since_epoch();
}

}  // namespace plait
