#pragma once

#include "plait/async/parts/remote_call.hpp"
#include "plait/base/unique_fd.hpp"

#include <atomic>

namespace plait::internal {

/// The one way into a loop from other threads: a stack that any thread pushes to and the loop empties, and an eventfd,
/// which is written only when the loop has announced that it is about to sleep.
class Inbox {
  public:
    Inbox();

    /// Call it from any thread. Returns false when the loop has ended: `call` will not arrive.
    bool post(RemoteCall& call) noexcept;

    /// Announces that the loop is about to sleep. Returns false when something has come, and it must not.
    bool prepare_to_sleep() noexcept;
    void woke_up() noexcept { asleep_.store(false, std::memory_order_relaxed); }

    bool has_calls() const noexcept { return newest_.load(std::memory_order_relaxed) != nullptr; }

    /// Delivers everything that was posted, in the order of posting.
    void deliver() noexcept;

    /// Refuses all further calls; those posted before arrive.
    void close() noexcept;

    int wake_fd() const noexcept { return wake_fd_.get(); }
    /// Makes the next wait for `wake_fd` end at once. It is never read: each write is one more event.
    void wake_up() noexcept;

  private:
    static RemoteCall* closed() noexcept { return reinterpret_cast<RemoteCall*>(1); }
    static void deliver_in_order(RemoteCall* newest) noexcept;

    std::atomic<RemoteCall*> newest_{nullptr};
    std::atomic<bool> asleep_{false};
    UniqueFd wake_fd_;
};

}  // namespace plait::internal
