#include "plait/base/clock.hpp"

namespace plait {

SteadyClock& SteadyClock::instance() noexcept {
    static SteadyClock clock;
    return clock;
}

SystemWallClock& SystemWallClock::instance() noexcept {
    static SystemWallClock clock;
    return clock;
}

std::chrono::system_clock::time_point epoch_of_steady_clock() noexcept {
    return std::chrono::system_clock::now() - SteadyClock::instance().now().time_since_epoch();
}

}  // namespace plait
