#include "plait/async/task_group.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/channel.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/descriptor.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/testing/async_test.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace plait;
using namespace std::chrono_literals;

namespace {

Task<void> write_after(Duration duration, std::string& order, char name) {
    co_await sleep_for(duration);
    order.push_back(name);
}

Task<void> fail_after(Duration duration, std::string why) {
    co_await sleep_for(duration);
    throw std::runtime_error(why);
}

Task<void> fail_when_cancelled(std::string why) {
    try {
        co_await sleep_for(1h);
    } catch (const Cancelled&) {
        throw std::runtime_error(why);
    }
}

Task<void> append(std::string& to, const std::string& text) {
    co_await yield();
    to += text;
}

Task<void> append_view(std::string& to, std::string_view text) {
    co_await yield();
    to += text;
}

Task<void> join_these(TaskGroup& group, std::string& story) {
    try {
        co_await group.join();
    } catch (const std::runtime_error& error) {
        story = error.what();
    }
}

Task<void> start_and_join(std::string& order) {
    TaskGroup group;
    group.start(write_after, 1s, std::ref(order), 'a');
    group.start(write_after, 1h, std::ref(order), 'b');
    co_await group.join();
    order += " joined";
}

/// One of everything that a task can wait for, none of which comes.
class NeverComes {
  public:
    NeverComes() {
        REQUIRE(::pipe2(pipe_, O_CLOEXEC) == 0);
        reader_.emplace(UniqueFd(pipe_[0]));
        writer_ = UniqueFd(pipe_[1]);
        int item = 1;
        REQUIRE(full_.try_push(item));
    }

    void start_a_waiter_on_each(TaskGroup& group) {
        group.start(on<&NeverComes::sleep>, std::ref(*this));
        group.start(on<&NeverComes::wait>, std::ref(*this));
        group.start(on<&NeverComes::acquire>, std::ref(*this));
        group.start(on<&NeverComes::pop>, std::ref(*this));
        group.start(on<&NeverComes::push>, std::ref(*this));
        group.start(on<&NeverComes::read>, std::ref(*this));
        group.start(on<&NeverComes::wait_within>, std::ref(*this));
        group.start(on<&NeverComes::join>, std::ref(*this));
    }
    static constexpr std::size_t waiters = 8 + 2;  // the joining task has two tasks

  private:
    template <Task<void> (NeverComes::*method)()>
    static Task<void> on(NeverComes& self) {
        return (self.*method)();
    }
    Task<void> sleep() { co_await sleep_for(1h); }
    Task<void> wait() { co_await event_.wait(); }
    Task<void> acquire() { const Semaphore::Permit permit = co_await semaphore_.acquire(); }
    Task<void> pop() { co_await empty_.pop(); }
    Task<void> push() { co_await full_.push(2); }
    Task<void> read() { co_await reader_->readable(); }
    Task<void> wait_within() { co_await within(2h, event_.wait()); }
    Task<void> join() {
        TaskGroup group;
        group.start(sleep());
        group.start(wait_within());
        co_await group.join();
    }

    Event event_;
    Semaphore semaphore_{0};
    Channel<int> empty_{1}, full_{1};
    int pipe_[2];
    std::optional<Descriptor> reader_;
    UniqueFd writer_;
};

}  // namespace

ASYNC_TEST("tasks are dropped and cancelled in every kind of wait, and the loop's lists show it") {
    for (const bool drop : {true, false}) {
        NeverComes never;
        {
            TaskGroup group;
            never.start_a_waiter_on_each(group);
            co_await testing::others_wait();
            CHECK(EventLoop::current_statistics().waiting == NeverComes::waiters);
            CHECK(EventLoop::current_statistics().timers == 4);
            if (!drop) {
                group.cancel();
                co_await group.join();
            }
        }
        const LoopStatistics statistics = EventLoop::current_statistics();
        CHECK(statistics.waiting == 0);
        CHECK(statistics.ready == 0);
        CHECK(statistics.timers == 0);
        co_await sleep_for(100h);  // the clock jumps only when no task waits for a descriptor
    }
}

ASYNC_TEST("join waits for all tasks of the group, and for those that they started") {
    std::string order;
    TaskGroup group;
    auto start_more = [](TaskGroup& same, std::string& written) -> Task<void> {
        co_await sleep_for(1s);
        same.start(write_after, 5s, std::ref(written), 'c');
    };
    group.start(write_after, 2s, std::ref(order), 'b');
    group.start(write_after, 1s, std::ref(order), 'a');
    group.start(start_more, std::ref(group), std::ref(order));
    co_await group.join();
    CHECK(order == "abc");
    CHECK(group.size() == 0);
}

ASYNC_TEST("an empty group is joined at once, and a group can be used again") {
    std::string order;
    TaskGroup group;
    co_await group.join();
    group.start(write_after, 1s, std::ref(order), 'a');
    co_await group.join();
    group.start(write_after, 1s, std::ref(order), 'b');
    co_await group.join();
    CHECK(order == "ab");
}

ASYNC_TEST("the first failure cancels the others and is what join throws") {
    std::string order, story;
    const TimePoint start = now();
    TaskGroup group;
    group.start(write_after, 1s, std::ref(order), 'a');
    group.start(fail_after, 2s, "first");
    group.start(fail_after, 3s, "second");
    group.start(write_after, 1h, std::ref(order), 'b');
    co_await join_these(group, story);
    CHECK(story == "first");
    CHECK(order == "a");
    CHECK(now() - start == 2s);
}

ASYNC_TEST("a failure during cancellation does not replace the first error, and is thrown when it is the only one") {
    std::string story;
    TaskGroup group;
    group.start(fail_after, 1s, "first");
    group.start(fail_when_cancelled, "while cancelled");
    co_await join_these(group, story);
    CHECK(story == "first");

    TaskGroup other;
    other.start(fail_when_cancelled, "while cancelled");
    co_await yield();
    other.cancel();
    co_await join_these(other, story);
    CHECK(story == "while cancelled");
}

ASYNC_TEST("join throws one error when a hundred tasks throw") {
    std::string story;
    TaskGroup group;
    for (int i = 0; i < 100; ++i) group.start(fail_after, 1s, "number " + std::to_string(i));
    co_await join_these(group, story);
    CHECK(story.starts_with("number "));
}

ASYNC_TEST("a cancelled group is joined without an error") {
    std::string order;
    TaskGroup group;
    group.start(write_after, 1h, std::ref(order), 'a');
    co_await yield();
    group.cancel();
    co_await group.join();
    CHECK(order.empty());
}

ASYNC_TEST("cancelling the joining task cancels the group's tasks, and waits for their end") {
    std::string order;
    CHECK_FALSE(co_await within(10s, start_and_join(order)));
    CHECK(order == "a");
    CHECK(EventLoop::current_statistics().waiting == 0);
}

ASYNC_TEST("a scope around join alone cancels the tasks too, and waits for their end") {
    std::string order;
    const TimePoint start = now();
    TaskGroup group;
    group.start(write_after, 1h, std::ref(order), 'a');
    CHECK_FALSE(co_await within(10s, group.join()));
    CHECK(now() - start == 10s);
    CHECK(group.size() == 0);

    TaskGroup late;
    late.start(write_after, 1h, std::ref(order), 'b');
    CancelScope cancelled;
    cancelled.cancel();
    CHECK_FALSE(co_await cancelled.run(late.join()));
    CHECK(now() - start == 10s);
    CHECK(order.empty());
}

ASYNC_TEST("arguments live as long as the task, also where the function takes them by reference") {
    std::string by_reference, by_view;
    TaskGroup group;
    group.start(append, std::ref(by_reference), std::string(100, 'x'));
    group.start(append_view, std::ref(by_view), std::string(100, 'y'));
    co_await group.join();
    CHECK(by_reference == std::string(100, 'x'));
    CHECK(by_view == std::string(100, 'y'));
}

ASYNC_TEST("a task started in a cancelled group ends at its first wait") {
    std::string order;
    TaskGroup group;
    group.cancel();
    group.start(write_after, 1h, std::ref(order), 'a');
    co_await group.join();
    CHECK(order.empty());
}

ASYNC_TEST("a task that is started after cancel runs up to its first wait") {
    int begun = 0;
    int ended = 0;
    const auto wait = [](int& begun_, int& ended_) -> Task<void> {
        ++begun_;
        co_await sleep_for(1h);
        ++ended_;
    };
    TaskGroup group;
    group.cancel();
    group.start(wait, std::ref(begun), std::ref(ended));
    co_await group.join();
    CHECK(begun == 1);
    CHECK(ended == 0);
}
