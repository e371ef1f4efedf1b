#include "plait/async/parts/internal/wake_timer.hpp"

#include "plait/base/error.hpp"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace plait::internal {

WakeTimer::WakeTimer(Poller& poller, const Clock& clock)
    : poller_(poller), clock_(clock), timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    if (!timer_) throw Error(ErrorCode::storage, "make an event loop: timerfd: " + system_message(errno));
    poller_.add(timer_.get(), this);
}

WakeTimer::~WakeTimer() { poller_.remove(timer_.get()); }

void WakeTimer::wake_at(TimePoint time) {
    if (armed_for_ && *armed_for_ <= time) return;
    armed_for_ = time;
    // Relative, because the clock need not be the kernel's. Zero would disarm it.
    const Duration left = std::max(time - clock_.now(), Duration(1));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    itimerspec when{};
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = (left - seconds).count();
    ::timerfd_settime(timer_.get(), 0, &when, nullptr);
}

}  // namespace plait::internal
