#include "plait/async/parts/internal/inbox.hpp"

#include "plait/base/error.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace plait::internal {

Inbox::Inbox() : wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!wake_fd_) throw Error(ErrorCode::storage, "make an event loop: eventfd: " + system_message(errno));
}

bool Inbox::post(RemoteCall& call) noexcept {
    RemoteCall* newest = newest_.load(std::memory_order_relaxed);
    do {
        if (newest == closed()) return false;
        call.next_ = newest;
    } while (!newest_.compare_exchange_weak(newest, &call, std::memory_order_seq_cst, std::memory_order_relaxed));
    // Both sides write their own flag before they read the other's (seq_cst), so one of them sees the other.
    if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false)) wake_up();
    return true;
}

bool Inbox::prepare_to_sleep() noexcept {
    asleep_.store(true, std::memory_order_seq_cst);
    if (newest_.load(std::memory_order_seq_cst) == nullptr) return true;
    woke_up();
    return false;
}

void Inbox::deliver() noexcept {
    if (!has_calls()) return;
    deliver_in_order(newest_.exchange(nullptr, std::memory_order_acquire));
}

void Inbox::close() noexcept { deliver_in_order(newest_.exchange(closed(), std::memory_order_acq_rel)); }

void Inbox::deliver_in_order(RemoteCall* newest) noexcept {
    RemoteCall* oldest = nullptr;
    while (newest) oldest = std::exchange(newest, std::exchange(newest->next_, oldest));
    while (oldest) std::exchange(oldest, oldest->next_)->arrive();
}

void Inbox::wake_up() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_fd_.get(), &one, sizeof one);
}

}  // namespace plait::internal
