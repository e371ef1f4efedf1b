// A TCP round trip of 64 bytes on 64 connections: the runtime beside a raw epoll loop against the same echo server, which runs in
// a process of its own.

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <vector>

#include "plait/async/descriptor.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/task_group.hpp"

using namespace plait;

namespace {

constexpr int connections = 64;
constexpr std::size_t message_size = 64;

[[noreturn]] void serve(int listener) {
    const int poller = ::epoll_create1(0);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = listener;
    ::epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    std::array<epoll_event, 256> events;
    std::array<char, 4096> buffer;
    for (;;) {
        const int count = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener) {
                const int accepted = ::accept(listener, nullptr, nullptr);
                const int one = 1;
                ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                event.data.fd = accepted;
                ::epoll_ctl(poller, EPOLL_CTL_ADD, accepted, &event);
                continue;
            }
            const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
            if (got <= 0 || ::send(fd, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) < 0) ::close(fd);
        }
    }
}

class EchoServer {
  public:
    EchoServer() {
        const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        if (::bind(listener, reinterpret_cast<sockaddr*>(&address_), size) != 0 || ::listen(listener, 256) != 0 ||
            ::getsockname(listener, reinterpret_cast<sockaddr*>(&address_), &size) != 0) {
            std::abort();
        }
        process_ = ::fork();
        if (process_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve(listener);
        }
        ::close(listener);
    }
    EchoServer(const EchoServer&) = delete;
    EchoServer& operator=(const EchoServer&) = delete;
    ~EchoServer() { ::kill(process_, SIGKILL); }

    UniqueFd connect() const {
        UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0) std::abort();
        const int one = 1;
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        return fd;
    }

  private:
    sockaddr_in address_{};
    pid_t process_ = 0;
};

const std::array<char, message_size> message{};

void send_message(int fd) {
    if (::send(fd, message.data(), message.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(message.size())) std::abort();
}

void floor_raw_epoll_round_trip(benchmark::State& state) {
    EchoServer server;
    const UniqueFd poller(::epoll_create1(0));
    std::vector<UniqueFd> sockets;
    for (int i = 0; i < connections; ++i) {
        sockets.push_back(server.connect());
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;
        event.data.fd = sockets.back().get();
        ::epoll_ctl(poller.get(), EPOLL_CTL_ADD, event.data.fd, &event);
        send_message(event.data.fd);
    }
    std::array<epoll_event, 256> events;
    std::array<char, 8192> buffer;
    int count = 0, next = 0;
    for (auto _ : state) {
        if (next == count) {
            count = ::epoll_wait(poller.get(), events.data(), static_cast<int>(events.size()), -1);
            next = 0;
        }
        const int fd = events[static_cast<std::size_t>(next++)].data.fd;
        if (::recv(fd, buffer.data(), buffer.size(), 0) <= 0) std::abort();
        send_message(fd);
    }
}
BENCHMARK(floor_raw_epoll_round_trip)->MinTime(2);

struct Client {
    benchmark::State& state;
    std::uint64_t reads = 0;
    bool stopped = false;
    std::array<char, 8192> buffer{};
};

Task<void> exchange(Client& client, Descriptor& descriptor) {
    while (!client.stopped) {
        send_message(descriptor.fd());
        for (;;) {
            if (!descriptor.may_be_readable()) co_await descriptor.readable();
            const auto got = ::recv(descriptor.fd(), client.buffer.data(), client.buffer.size(), 0);
            ++client.reads;
            if (got < static_cast<ssize_t>(client.buffer.size())) descriptor.set_drained();
            if (got > 0) break;
            if (errno != EAGAIN) std::abort();
        }
        if (!client.stopped && !client.state.KeepRunning()) client.stopped = true;
    }
}

Task<void> exchange_on_all(Client& client, std::vector<std::unique_ptr<Descriptor>>& descriptors) {
    const auto polls_before = EventLoop::current_statistics().polls;
    TaskGroup group;
    for (auto& descriptor : descriptors) group.start(exchange(client, *descriptor));
    co_await group.join();
    const auto polls = EventLoop::current_statistics().polls - polls_before;
    const auto trips = static_cast<double>(client.state.iterations());
    client.state.counters["system_calls"] = (static_cast<double>(polls + client.reads) + trips) / trips;
}

void round_trip(benchmark::State& state) {
    EchoServer server;
    std::vector<std::unique_ptr<Descriptor>> descriptors;
    for (int i = 0; i < connections; ++i) descriptors.push_back(std::make_unique<Descriptor>(server.connect()));
    Client client{state};
    run(exchange_on_all(client, descriptors));
}
BENCHMARK(round_trip)->MinTime(2);

}  // namespace
