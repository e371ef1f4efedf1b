#pragma once

#include "plait/base/clock.hpp"

namespace plait::policy::internal {

/// Returns `duration` multiplied by `factor`.
inline Duration times(Duration duration, double factor) noexcept {
    return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * factor));
}

}  // namespace plait::policy::internal
