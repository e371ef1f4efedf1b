#include "plait/batch/run/key_order.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

Task<void> make(KeyOrder::Turn turn, std::string name, Duration time, std::vector<std::string>& made) {
    const bool may = co_await turn.wait();
    if (!may) {
        made.push_back(name + " broken");
        co_return;
    }
    co_await sleep_for(time);
    made.push_back(name);
}

Task<void> break_off(KeyOrder::Turn turn) {
    co_await turn.wait();
    turn.break_off();
}

}  // namespace

ASYNC_TEST("calls of a key follow each other in the order of their turns, whatever others do") {
    KeyOrder order;
    std::vector<std::string> made;
    TaskGroup group;
    group.start(make(order.take_turn("a"), "a1", 3s, made));
    group.start(make(order.take_turn("b"), "b1", 2s, made));
    group.start(make(order.take_turn("a"), "a2", 1s, made));
    co_await group.join();
    CHECK(made == std::vector<std::string>{"b1", "a1", "a2"});
    CHECK(order.size() == 0);
}

ASYNC_TEST("calls behind one that was not made are not made either, and a later turn starts afresh") {
    KeyOrder order;
    std::vector<std::string> made;
    TaskGroup group;
    group.start(break_off(order.take_turn("a")));
    group.start(make(order.take_turn("a"), "a2", 1s, made));
    group.start(make(order.take_turn("a"), "a3", 1s, made));
    co_await group.join();
    CHECK(made == std::vector<std::string>{"a2 broken", "a3 broken"});
    made.clear();
    co_await make(order.take_turn("a"), "a4", 1s, made);
    CHECK(made == std::vector<std::string>{"a4"});
}
