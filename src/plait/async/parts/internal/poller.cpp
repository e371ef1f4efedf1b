#include "plait/async/parts/internal/poller.hpp"

#include "plait/base/error.hpp"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <string>

namespace plait::internal {

namespace {

constexpr int events_a_wait = 256;

int wait_milliseconds(int epoll, epoll_event* events, std::optional<Duration> timeout) {
    using std::chrono::milliseconds;
    // Up, not down: a loop that wakes before its timer would turn idly until the timer is due.
    const auto ms = timeout ? std::chrono::ceil<milliseconds>(*timeout).count() : -1;
    return ::epoll_wait(epoll, events, events_a_wait, static_cast<int>(std::min<std::int64_t>(ms, INT_MAX)));
}

int wait_nanoseconds(int epoll, epoll_event* events, std::optional<Duration> timeout) {
    static std::atomic<bool> missing = false;  // a kernel before 5.11, or a sandbox that does not know the call
    if (missing || !timeout || timeout->count() == 0) return wait_milliseconds(epoll, events, timeout);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*timeout);
    timespec limit{};
    limit.tv_sec = seconds.count();
    limit.tv_nsec = (*timeout - seconds).count();
    // A raw system call: glibc wraps it only from 2.35 on, and our binaries also run with older versions.
    const long count = ::syscall(SYS_epoll_pwait2, epoll, events, events_a_wait, &limit, nullptr, std::size_t{0});
    if (count >= 0 || errno == EINTR) return static_cast<int>(count);
    missing = true;
    return wait_milliseconds(epoll, events, timeout);
}

/// Reports an event to its target.
void tell(const epoll_event& event) noexcept {
    auto* target = static_cast<PollTarget*>(event.data.ptr);
    if (!target) return;
    Readiness readiness;
    readiness.hung_up = (event.events & (EPOLLRDHUP | EPOLLHUP)) != 0;
    readiness.readable = (event.events & (EPOLLIN | EPOLLERR)) != 0 || readiness.hung_up;
    // A half-closed connection still takes bytes; only a broken one is reported to writers.
    readiness.writable = (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
    target->on_ready(readiness);
}

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), process_(::getpid()) {
    if (!epoll_) throw Error(ErrorCode::storage, "make an event loop: epoll: " + system_message(errno));
}

void Poller::add(int fd, PollTarget* target) {
    epoll_event event{};
    // What only wakes the loop up, an eventfd, is always writable: reading or writing it would report that each time.
    event.events = target ? EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET : EPOLLIN | EPOLLET;
    event.data.ptr = target;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        throw Error(ErrorCode::storage, "wait for descriptor " + std::to_string(fd) + ": " + system_message(errno));
    }
}

bool Poller::is_own() const noexcept { return ::getpid() == process_; }

void Poller::remove(int fd) noexcept {
    if (is_own()) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Poller::wait(std::optional<Duration> timeout) {
    // More descriptors than any process has: a bound on a loop that the kernel could otherwise keep busy for ever.
    constexpr int most_full_batches = 4096;
    for (int batches = 0; batches < most_full_batches; ++batches) {
        std::array<epoll_event, events_a_wait> events;
        ++waits_;
        const int count = wait_nanoseconds(epoll_.get(), events.data(), timeout);
        timeout = Duration::zero();
        if (count < 0 && errno == EINTR)
            continue;  // stopping and continuing the process does that, too; poll for what came meanwhile
        for (int i = 0; i < count; ++i) tell(events[static_cast<std::size_t>(i)]);
        told_ += static_cast<std::uint64_t>(std::max(count, 0));
        // A full batch may not be all: a timer that fires after this must not find anything left.
        if (count < events_a_wait) break;
    }
}

}  // namespace plait::internal
