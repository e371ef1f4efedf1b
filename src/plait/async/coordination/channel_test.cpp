#include "plait/async/coordination/channel.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

using namespace plait;
using namespace std::chrono_literals;

namespace {

Task<void> produce(Channel<int>& channel, int first, int count) {
    for (int i = first; i < first + count; ++i) co_await channel.push(i);
}

Task<void> consume(Channel<int>& channel, std::vector<int>& got) {
    while (auto item = co_await channel.pop()) got.push_back(*item);
}

Task<void> push_one(Channel<int>& channel, int item, bool& accepted) { accepted = co_await channel.push(item); }

/// Throws when it is moved while `broken`.
class Fragile {
  public:
    Fragile(int value, const bool& broken) : value_(value), broken_(&broken) {}
    Fragile(Fragile&& other) : value_(other.value_), broken_(other.broken_) {
        if (*broken_) throw std::runtime_error("broken");
    }
    Fragile& operator=(Fragile&&) = default;
    int value() const { return value_; }

  private:
    int value_;
    const bool* broken_;
};

Task<void> push_fragile(Channel<Fragile>& channel, int value, const bool& broken) {
    co_await channel.push(Fragile(value, broken));
}

Task<void> pop_fragile(Channel<Fragile>& channel, int& got) {
    auto item = co_await channel.pop();
    got = item->value();
}

}  // namespace

ASYNC_TEST("items come out in the order in which they went in") {
    for (std::size_t capacity : {1u, 2u, 7u, 1000u}) {
        Channel<int> channel(capacity);
        std::vector<int> got;
        TaskGroup consumers, producers;
        producers.start(produce, std::ref(channel), 0, 500);
        consumers.start(consume, std::ref(channel), std::ref(got));
        co_await producers.join();
        channel.close();
        co_await consumers.join();
        REQUIRE(got.size() == 500);
        for (int i = 0; i < 500; ++i) CHECK(got[static_cast<std::size_t>(i)] == i);
    }
}

ASYNC_TEST("many producers and consumers hand over each item once") {
    Channel<int> channel(3);
    std::vector<int> got;
    TaskGroup consumers, producers;
    for (int i = 0; i < 5; ++i) producers.start(produce, std::ref(channel), i * 100, 100);
    for (int i = 0; i < 4; ++i) consumers.start(consume, std::ref(channel), std::ref(got));
    co_await producers.join();
    channel.close();
    co_await consumers.join();
    std::sort(got.begin(), got.end());
    REQUIRE(got.size() == 500);
    for (int i = 0; i < 500; ++i) CHECK(got[static_cast<std::size_t>(i)] == i);
}

ASYNC_TEST("a full channel makes pushers wait, and one that gives up leaves nothing behind") {
    Channel<int> channel(1);
    CHECK(co_await channel.push(1));
    CHECK_FALSE(co_await within(1s, channel.push(2)));
    int three = 3;
    CHECK_FALSE(channel.try_push(three));
    CHECK(channel.try_pop() == 1);
    CHECK_FALSE(channel.try_pop());
}

ASYNC_TEST("an empty channel makes poppers wait, and one that gives up takes nothing") {
    Channel<std::unique_ptr<int>> channel(1);
    CHECK_FALSE(co_await within(1s, channel.pop()));
    CHECK(co_await channel.push(std::make_unique<int>(5)));
    CHECK(**co_await channel.pop() == 5);
}

ASYNC_TEST("a closed channel gives what is left, then nothing, and takes no more") {
    Channel<int> channel(2);
    bool accepted = true;
    TaskGroup group;
    co_await channel.push(1);
    co_await channel.push(2);
    group.start(push_one, std::ref(channel), 3, std::ref(accepted));
    co_await testing::others_wait();
    channel.close();
    co_await group.join();
    CHECK_FALSE(accepted);
    CHECK_FALSE(co_await channel.push(4));
    CHECK(co_await channel.pop() == 1);
    CHECK(co_await channel.pop() == 2);
    CHECK_FALSE(co_await channel.pop());
}

ASYNC_TEST("an item whose move throws is an error for the task that moves it, and no other task is left waiting") {
    bool broken = false;
    int got = 0;
    Channel<Fragile> channel(1);
    TaskGroup group;
    group.start(pop_fragile, std::ref(channel), std::ref(got));
    co_await testing::others_wait();
    Fragile first(1, broken);
    broken = true;
    CHECK_THROWS_AS(channel.try_push(first), std::runtime_error);
    broken = false;
    CHECK(channel.try_push(first));
    co_await group.join();
    CHECK(got == 1);

    group.start(push_fragile, std::ref(channel), 2, std::cref(broken));
    co_await testing::others_wait();
    group.start(push_fragile, std::ref(channel), 3, std::cref(broken));
    co_await testing::others_wait();
    broken = true;
    CHECK_THROWS_AS(channel.try_pop(), std::runtime_error);
    broken = false;
    CHECK(channel.try_pop()->value() == 2);
    CHECK(channel.try_pop()->value() == 3);
    co_await group.join();
}
