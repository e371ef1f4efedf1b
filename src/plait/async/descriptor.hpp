#pragma once

#include "plait/async/internal/waiter.hpp"
#include "plait/async/parts/internal/poller.hpp"
#include "plait/base/unique_fd.hpp"

#include <memory>

namespace plait {

/// A descriptor, such as a socket or a pipe, that tasks of one thread wait for. It is set to non-blocking, and closed
/// at the end.
///
/// The kernel reports only once that it became readable or writable (edge-triggered). So an operation tries first, and
/// says when it got less than it asked for:
///
///     while ((got = ::read(descriptor.fd(), ...)) < 0 && errno == EAGAIN) {
///         descriptor.set_drained();
///         co_await descriptor.readable();
///     }
///
/// It moves by itself to the loop in which a task waits for it. At most one task waits to read, and one to write.
class Descriptor final : private internal::PollTarget {
  public:
    explicit Descriptor(UniqueFd fd);
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();

    int fd() const noexcept { return fd_.get(); }

    class [[nodiscard("awaited, or it does nothing")]] ReadyAwaiter : private internal::Waiter {
      public:
        ReadyAwaiter(Descriptor& descriptor, bool for_reading, trace::Wait wait) noexcept
            : descriptor_(&descriptor), for_reading_(for_reading), wait_(wait) {}

        bool await_ready();
        bool await_suspend(std::coroutine_handle<> resume_point);
        void await_resume() const;

      private:
        bool give_up(internal::TaskRecord&) noexcept override;
        internal::TaskRecord*& slot() const noexcept {
            return for_reading_ ? descriptor_->reader_ : descriptor_->writer_;
        }
        Descriptor* descriptor_;
        bool for_reading_;
        bool waited_ = false;
        trace::Wait wait_;
    };

    /// Waits until a read may return something (bytes, the end, an error). May end although there is nothing. `wait` is
    /// the kind of wait for traces.
    ReadyAwaiter readable(trace::Wait wait = trace::Wait::readable) noexcept { return ReadyAwaiter(*this, true, wait); }

    /// Waits until a write may take something, or until a connection that was begun is established or has failed.
    ReadyAwaiter writable() noexcept { return ReadyAwaiter(*this, false, trace::Wait::writable); }

    /// Whether it may be readable, as far as known without asking the kernel. Nothing is known before the first wait.
    bool may_be_readable() const noexcept { return readable_ || hung_up_; }
    /// Whether the loop of this thread watches it, so that `may_be_readable` is as new as the loop's last poll.
    bool is_watched() const noexcept;

    /// Call when a read returned less than it asked for, or would have to wait.
    void set_drained() noexcept { readable_ = false; }
    /// Call when a write took less than it was given, or would have to wait.
    void set_filled() noexcept { writable_ = false; }

  private:
    void on_ready(internal::Readiness readiness) noexcept override;
    void attach();

    UniqueFd fd_;
    std::shared_ptr<internal::Poller> poller_;  // the one it is registered with; may outlive its loop
    internal::TaskRecord* reader_ = nullptr;
    internal::TaskRecord* writer_ = nullptr;
    bool readable_ = false;
    bool writable_ = false;
    bool hung_up_ = false;
};

}  // namespace plait
