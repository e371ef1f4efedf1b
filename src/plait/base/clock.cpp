#include "plait/base/clock.hpp"

namespace plait {

SteadyClock& SteadyClock::instance() noexcept {
    static SteadyClock clock;
    return clock;
}

}  // namespace plait
