#include "plait/mock/supervisor.hpp"

#include "plait/base/error.hpp"
#include "plait/net/address.hpp"

#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <optional>
#include <utility>

namespace plait::mock {

namespace {

/// Blocks the signals that the parent waits for, so that they don't interrupt it.
class AwaitedSignals {
  public:
    AwaitedSignals() {
        ::sigemptyset(&signals_);
        for (const int signal : {SIGINT, SIGTERM, SIGCHLD}) ::sigaddset(&signals_, signal);
        ::sigprocmask(SIG_BLOCK, &signals_, &before_);
    }
    AwaitedSignals(const AwaitedSignals&) = delete;
    AwaitedSignals& operator=(const AwaitedSignals&) = delete;
    ~AwaitedSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

    /// Waits for the next of them; nothing after `limit`.
    std::optional<int> next(std::optional<Duration> limit) const {
        timespec time{};
        if (limit) {
            const auto seconds = std::chrono::floor<std::chrono::seconds>(*limit);
            time.tv_sec = seconds.count();
            time.tv_nsec = (*limit - seconds).count();
        }
        int signal;
        do {
            signal = ::sigtimedwait(&signals_, nullptr, limit ? &time : nullptr);
        } while (signal < 0 && errno == EINTR);
        return signal < 0 ? std::nullopt : std::optional(signal);
    }

  private:
    sigset_t signals_{};
    sigset_t before_{};
};

/// How a child ended.
struct ChildEnd {
    int status = 0;          ///< as waitpid(2) returns it
    bool asked_for = false;  ///< whether it was asked to end
};

/// Waits for the child to end, and passes on signals that ask for it.
ChildEnd wait_for(pid_t child, const AwaitedSignals& signals) {
    ChildEnd end;
    while (::waitpid(child, &end.status, WNOHANG) != child) {
        const int signal = *signals.next(std::nullopt);
        if (signal == SIGCHLD) continue;
        end.asked_for = true;
        ::kill(child, signal);
    }
    return end;
}

/// Waits for `pause`. Returns false when the end was asked for meanwhile.
bool pause_for(Duration pause, const AwaitedSignals& signals) {
    const TimePoint end = SteadyClock::instance().now() + pause;
    for (;;) {
        const Duration left = end - SteadyClock::instance().now();
        if (left <= Duration::zero()) return true;
        const auto signal = signals.next(left);
        if (signal && *signal != SIGCHLD) return false;
    }
}

}  // namespace

PortReservation::PortReservation(const std::vector<std::string>& hosts, std::uint16_t port) : port_(port) {
    for (const std::string& host : hosts) {
        const auto address = net::Address::parse(host, port_);
        if (!address) continue;  // the server that listens there reports what is wrong with it
        UniqueFd fd(::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
        const int on = 1;
        // The children bind to the port, too, which may be shared as long as this socket does not listen.
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (address->family() == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        if (!fd || ::bind(fd.get(), address->data(), address->size()) != 0) {
            throw Error(ErrorCode::bad_input,
                        "keep port " + std::to_string(port_) + " at " + host + ": " +
                            (errno == EADDRINUSE ? "it is in use by another program" : system_message(errno)));
        }
        sockaddr_storage storage{};
        socklen_t size = sizeof storage;
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &size);
        port_ = net::Address(reinterpret_cast<const sockaddr*>(&storage), size).port();
        sockets_.push_back(std::move(fd));
    }
}

int keep_serving(Duration pause, const std::function<int(int life)>& serve) {
    std::optional<AwaitedSignals> signals(std::in_place);
    const pid_t parent = ::getpid();
    for (int life = 0;; ++life) {
        const pid_t child = ::fork();
        if (child < 0) throw Error(ErrorCode::storage, "start a process to serve in: " + system_message(errno));
        if (child == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::raise(SIGKILL);  // the parent ended before prctl
            signals.reset();
            return serve(life);
        }
        const ChildEnd end = wait_for(child, *signals);
        if (WIFEXITED(end.status)) return WEXITSTATUS(end.status);
        if (end.asked_for || !pause_for(pause, *signals)) return 0;
    }
}

}  // namespace plait::mock
