#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/unique_fd.hpp"

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
class Poller {
  public:
    Poller();

    /// Adds `fd`; a null target only wakes the loop up. Throws Error when the kernel refuses.
    void add(int fd, PollTarget* target);
    void remove(int fd) noexcept;

    /// Waits until something is ready, at most `timeout` (none: without limit), and notifies all ready targets, even
    /// when a signal ends the wait. Returns whether a descriptor without a target was among them.
    bool wait(std::optional<Duration> timeout);

    std::uint64_t waits() const noexcept { return waits_; }
    /// The number of events that the kernel has reported.
    std::uint64_t told() const noexcept { return told_; }

  private:
    UniqueFd epoll_;
    std::uint64_t waits_ = 0;
    std::uint64_t told_ = 0;
};

}  // namespace plait::internal
