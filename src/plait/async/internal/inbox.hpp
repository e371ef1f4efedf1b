#pragma once

#include "plait/async/remote_call.hpp"
#include "plait/base/unique_fd.hpp"

#include <atomic>

namespace plait::internal {

/// The one door through which other threads reach a loop: a stack that many push to and the loop empties, and an
/// eventfd that is written only when the loop has said that it is about to sleep.
class Inbox {
  public:
    Inbox();

    /// From any thread. False when the loop has ended: `call` will not arrive.
    bool post(RemoteCall& call) noexcept;

    /// The loop is about to sleep; false when something has come, and it must not.
    bool prepare_to_sleep() noexcept;
    void woke_up() noexcept { asleep_.store(false, std::memory_order_relaxed); }

    bool has_calls() const noexcept { return newest_.load(std::memory_order_relaxed) != nullptr; }

    /// Lets everything that was posted arrive, in the order of posting.
    void deliver() noexcept;

    /// Refuses all further calls; those posted before arrive.
    void close() noexcept;

    int wake_fd() const noexcept { return wake_fd_.get(); }
    void drain_wake_fd() noexcept;

  private:
    static RemoteCall* closed() noexcept { return reinterpret_cast<RemoteCall*>(1); }
    static void deliver_in_order(RemoteCall* newest) noexcept;

    std::atomic<RemoteCall*> newest_{nullptr};
    std::atomic<bool> asleep_{false};
    UniqueFd wake_fd_;
};

}  // namespace plait::internal
