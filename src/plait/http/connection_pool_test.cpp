#include "plait/http/connection_pool.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/base/error.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/memory_stream.hpp"

#include <vector>

using namespace plait;
using namespace plait::http;
using namespace std::chrono_literals;

namespace {

const TimePoint start{100h};

/// The step for a request whose origin's newest connection has been unused for `idle`.
PoolStep plan(Duration idle, Repeatable repeatable, std::optional<Duration> server_limit = {}) {
    return plan_connection({.newest = IdleTime{start, server_limit}, .open_to_origin = 1, .open_in_all = 1}, repeatable,
                           start + idle, {});
}

/// A pool, and the peers' ends of its connections.
struct Bench {
    explicit Bench(const PoolOptions& options = {}) : pool(options) {}

    Task<ConnectionPool::Lease> open(std::string origin) {
        auto lease = co_await pool.lease(origin, Repeatable::yes);
        if (!lease.stream()) {
            auto [client, server] = testing::memory_streams();
            lease.set(std::move(client));
            servers.push_back(std::move(server));
        }
        co_return lease;
    }

    /// Uses a connection and keeps it.
    Task<void> use(std::string origin) {
        auto lease = co_await open(std::move(origin));
        lease.keep(now(), {});
    }

    ConnectionPool pool;
    std::vector<std::unique_ptr<testing::MemoryStream>> servers;
};

/// A connection that counts the looks at its socket.
class LookedAt final : public ByteStream {
  public:
    explicit LookedAt(int& looks) : looks_(looks) {}
    std::optional<std::size_t> try_read(std::span<std::byte>) override { return std::nullopt; }
    std::optional<std::size_t> try_write(std::span<const std::byte>) override { return std::nullopt; }
    Task<void> readable() override { co_await yield(); }
    Task<void> writable() override { co_await yield(); }
    bool is_quiet() override {
        ++looks_;
        return true;
    }
    bool seems_quiet() override { return true; }
    void close_write() noexcept override {}

  private:
    int& looks_;
};

}  // namespace

TEST_CASE("without a kept connection a new one is opened") {
    CHECK(plan_connection({}, Repeatable::yes, start, {}) == PoolStep::open);
}

TEST_CASE("a connection is good for 30 s, and for 4 s when the request is not safe to repeat") {
    CHECK(plan(0s, Repeatable::yes) == PoolStep::use_newest);
    CHECK(plan(29s, Repeatable::yes) == PoolStep::use_newest);
    CHECK(plan(30s, Repeatable::yes) == PoolStep::close_newest);
    CHECK(plan(3s, Repeatable::no) == PoolStep::use_newest);
    CHECK(plan(4s, Repeatable::no) == PoolStep::open);
    CHECK(plan(30s, Repeatable::no) == PoolStep::close_newest);
}

TEST_CASE("a request that may not reuse a connection gets a new one") {
    PoolState state{.newest = IdleTime{start}, .open_to_origin = 1, .open_in_all = 1};
    state.may_reuse = false;
    CHECK(plan_connection(state, Repeatable::yes, start, {}) == PoolStep::open);
    CHECK(plan_connection(state, Repeatable::yes, start, {.max_connections_per_origin = 1}) == PoolStep::close_newest);
}

TEST_CASE("a shorter limit of the server is obeyed") {
    CHECK(plan(13s, Repeatable::yes, 15s) == PoolStep::use_newest);
    CHECK(plan(14s, Repeatable::yes, 15s) == PoolStep::close_newest);
    CHECK(plan(0s, Repeatable::yes, 0s) == PoolStep::close_newest);
    CHECK(plan(30s, Repeatable::yes, 1h) == PoolStep::close_newest);
}

TEST_CASE("at a limit an unused connection makes room") {
    const PoolState state{.newest = IdleTime{start}, .open_to_origin = 2, .open_in_all = 5};
    const TimePoint late = start + 10s;
    CHECK(plan_connection(state, Repeatable::no, late, {.max_connections_per_origin = 3}) == PoolStep::open);
    CHECK(plan_connection(state, Repeatable::no, late, {.max_connections_per_origin = 2}) == PoolStep::close_newest);
    CHECK(plan_connection(state, Repeatable::no, late, {.max_connections = 6}) == PoolStep::open);
    CHECK(plan_connection(state, Repeatable::no, late, {.max_connections = 5}) == PoolStep::close_oldest);
}

TEST_CASE("a limit of no connections is refused") {
    CHECK_THROWS_AS(ConnectionPool({.max_connections = 0}), Error);
    CHECK_THROWS_AS(ConnectionPool({.max_connections_per_origin = 0}), Error);
}

ASYNC_TEST("the connection used last is used next") {
    Bench bench;
    {
        auto first = co_await bench.open("http://a");
        auto second = co_await bench.open("http://a");
        ByteStream* const used_last = second.stream();
        first.keep(now(), {});
        second.keep(now(), {});
        auto next = co_await bench.open("http://a");
        CHECK(next.stream() == used_last);
        CHECK(next.number() == 2);
    }
    CHECK(bench.pool.idle_count() == 1);
}

ASYNC_TEST("origins do not share connections") {
    Bench bench;
    co_await bench.use("http://a");
    co_await bench.use("http://b");
    co_await bench.use("http://a");
    CHECK(bench.servers.size() == 2);
    CHECK(bench.pool.idle_count() == 2);
}

ASYNC_TEST("a lease that ends without keep closes its connection") {
    Bench bench;
    { auto lease = co_await bench.open("http://a"); }
    CHECK(bench.pool.idle_count() == 0);
    CHECK_FALSE(bench.servers[0]->is_quiet());
}

ASYNC_TEST("a kept connection that is not quiet is closed, and the next one is tried") {
    Bench bench;
    {
        auto first = co_await bench.open("http://a");
        auto second = co_await bench.open("http://a");
        first.keep(now(), {});
        second.keep(now(), {});
    }
    co_await testing::write_text(*bench.servers[1], "!");
    auto lease = co_await bench.pool.lease("http://a", Repeatable::yes);
    CHECK(lease.stream() != nullptr);
    CHECK(bench.pool.idle_count() == 0);
    CHECK_FALSE(bench.servers[1]->is_quiet());
    CHECK(bench.servers[0]->is_quiet());
}

ASYNC_TEST("a look at the socket is left out only where little is lost by that") {
    ConnectionPool pool(PoolOptions{});
    int looks = 0;
    const auto use = [&](Repeatable repeatable) {
        auto lease = pool.try_lease("http://a", repeatable);
        if (!lease->stream()) lease->set(std::make_unique<LookedAt>(looks));
        lease->keep(now(), {});
        return std::exchange(looks, 0);
    };
    use(Repeatable::yes);
    CHECK(use(Repeatable::yes) == 1);  // nobody knows whether the server keeps connections
    CHECK(use(Repeatable::yes) == 0);
    CHECK(use(Repeatable::no) == 1);
    co_await sleep_for(10ms);
    CHECK(use(Repeatable::yes) == 1);
    {
        auto lease = pool.try_lease("http://a", Repeatable::yes);
        lease->report_early_close(now());
    }
    use(Repeatable::yes);
    CHECK(use(Repeatable::yes) == 1);
    CHECK(use(Repeatable::yes) == 1);
}

ASYNC_TEST("unused connections to other origins are closed in time") {
    Bench bench;
    co_await bench.use("http://a");
    co_await sleep_for(30s);
    co_await bench.use("http://b");
    CHECK(bench.pool.idle_count() == 1);
    CHECK_FALSE(bench.servers[0]->is_quiet());
}

ASYNC_TEST("too many unused connections: the oldest is closed") {
    Bench bench({.max_idle = 2});
    co_await bench.use("http://a");
    co_await bench.use("http://b");
    co_await bench.use("http://c");
    CHECK(bench.pool.idle_count() == 2);
    CHECK_FALSE(bench.servers[0]->is_quiet());
    CHECK(bench.servers[1]->is_quiet());
}

ASYNC_TEST("the limit for all origins closes an unused connection to another origin") {
    Bench bench({.max_connections = 1});
    co_await bench.use("http://a");
    auto lease = co_await bench.open("http://b");
    CHECK(bench.pool.idle_count() == 0);
    CHECK_FALSE(bench.servers[0]->is_quiet());
}
