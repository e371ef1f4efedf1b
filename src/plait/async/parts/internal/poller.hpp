#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/unique_fd.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace plait::internal {

/// What the kernel reports about one descriptor.
struct Readiness {
    bool readable = false;
    bool writable = false;
    bool hung_up = false;
};

/// Receives what the kernel reports about its descriptor.
class PollTarget {
  public:
    virtual void on_ready(Readiness readiness) noexcept = 0;

  protected:
    ~PollTarget() = default;
};

/// The kernel's list of descriptors (epoll, edge-triggered). Each is added once and never changed.
///
/// A process that was forked shares the list with its parent, and only the parent may change it.
class Poller {
  public:
    Poller();

    /// The list as a descriptor: readable when a descriptor in the list is ready, so that another list can hold it.
    int fd() const noexcept { return epoll_.get(); }

    /// Adds `fd`; a null target only wakes the loop up, when `fd` becomes readable. Throws Error when the kernel
    /// refuses.
    void add(int fd, PollTarget* target);
    /// Does nothing in a child of the process that made the list.
    void remove(int fd) noexcept;

    /// Whether the calling process made the list.
    bool is_own() const noexcept;

    /// Waits until something is ready, at most `timeout` (none: without limit), and notifies all ready targets, even
    /// when a signal ends the wait.
    void wait(std::optional<Duration> timeout);

    std::uint64_t waits() const noexcept { return waits_; }
    /// The number of events that the kernel has reported.
    std::uint64_t told() const noexcept { return told_; }

  private:
    UniqueFd epoll_;
    pid_t process_;
    std::uint64_t waits_ = 0;
    std::uint64_t told_ = 0;
};

}  // namespace plait::internal
