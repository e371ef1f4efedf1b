#pragma once

#include "plait/base/unique_fd.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace plait::bench {

/// A server on 127.0.0.1 in a process of its own, as quick as a server can be: it answers whatever one read returns
/// with one answer, or, without one, with the same bytes.
class LoopbackServer {
  public:
    explicit LoopbackServer(std::string answer = {}) : answer_(std::move(answer)) {
        const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        if (::bind(listener, as_sockaddr(), size) != 0 || ::listen(listener, 4096) != 0 ||
            ::getsockname(listener, as_sockaddr(), &size) != 0 || (process_ = ::fork()) < 0) {
            std::abort();
        }
        if (process_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve(listener);
        }
        ::close(listener);
    }
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;
    ~LoopbackServer() { ::kill(process_, SIGKILL); }

    std::uint16_t port() const { return ::ntohs(address_.sin_port); }

    /// A blocking connection.
    UniqueFd connect() const {
        UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0) std::abort();
        set_no_delay(fd.get());
        return fd;
    }

  private:
    sockaddr* as_sockaddr() { return reinterpret_cast<sockaddr*>(&address_); }

    static void set_no_delay(int fd) {
        const int one = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }

    [[noreturn]] void serve(int listener) const {
        const int poller = ::epoll_create1(0);
        const auto watch = [&](int fd) {
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.fd = fd;
            ::epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
        };
        watch(listener);
        std::array<epoll_event, 256> events;
        std::array<char, 4096> buffer;
        for (;;) {
            const int count = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                const int fd = events[static_cast<std::size_t>(i)].data.fd;
                if (fd == listener) {
                    const int accepted = ::accept(listener, nullptr, nullptr);
                    set_no_delay(accepted);
                    watch(accepted);
                    continue;
                }
                const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
                const std::string_view echo(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
                const std::string_view reply = answer_.empty() ? echo : std::string_view(answer_);
                if (got <= 0 || ::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) ::close(fd);
            }
        }
    }

    std::string answer_;
    sockaddr_in address_{};
    pid_t process_ = 0;
};

/// The floor of every client: a loop of epoll_wait, one recv and one send a call, nothing parsed.
class RawEpollClient {
  public:
    RawEpollClient(const LoopbackServer& server, int connections, std::string request)
        : request_(std::move(request)), poller_(::epoll_create1(0)) {
        for (int i = 0; i < connections; ++i) {
            epoll_event event{};
            event.events = EPOLLIN | EPOLLET;
            event.data.fd = server.connect().release();
            ::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, event.data.fd, &event);
            send_request(event.data.fd);
        }
    }
    RawEpollClient(const RawEpollClient&) = delete;
    RawEpollClient& operator=(const RawEpollClient&) = delete;

    /// Takes one answer and sends the next request.
    void step() {
        if (next_ == count_) {
            count_ = ::epoll_wait(poller_.get(), events_.data(), static_cast<int>(events_.size()), -1);
            next_ = 0;
        }
        const int fd = events_[static_cast<std::size_t>(next_++)].data.fd;
        if (::recv(fd, buffer_.data(), buffer_.size(), 0) <= 0) std::abort();
        send_request(fd);
    }

  private:
    void send_request(int fd) {
        if (::send(fd, request_.data(), request_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request_.size()))
            std::abort();
    }

    std::string request_;
    UniqueFd poller_;
    std::array<epoll_event, 256> events_;
    std::array<char, 8192> buffer_;
    int count_ = 0;
    int next_ = 0;
};

}  // namespace plait::bench
