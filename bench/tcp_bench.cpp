// A TCP round trip of 64 bytes on 64 connections: the runtime beside a raw epoll loop against the same echo server.

#include "plait/async/descriptor.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/task_group.hpp"

#include <benchmark/benchmark.h>
#include <sys/socket.h>

#include "loopback_server.hpp"
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

using namespace plait;

namespace {

constexpr int connections = 64;
const std::string message(64, 'x');

void floor_raw_epoll(benchmark::State& state) {
    bench::LoopbackServer server;
    bench::RawEpollClient client(server, connections, message);
    for (auto _ : state) client.step();
}
BENCHMARK(floor_raw_epoll)->MinTime(2);

struct Client {
    benchmark::State& state;
    std::uint64_t reads = 0;
    bool stopped = false;
    std::array<char, 8192> buffer{};
};

Task<void> exchange(Client& client, Descriptor& descriptor) {
    while (!client.stopped) {
        if (::send(descriptor.fd(), message.data(), message.size(), MSG_NOSIGNAL) < 0) std::abort();
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
    bench::LoopbackServer server;
    std::vector<std::unique_ptr<Descriptor>> descriptors;
    for (int i = 0; i < connections; ++i) descriptors.push_back(std::make_unique<Descriptor>(server.connect()));
    Client client{state};
    run(exchange_on_all(client, descriptors));
}
BENCHMARK(round_trip)->MinTime(2);

}  // namespace
