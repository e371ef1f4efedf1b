#include "plait/async/dump.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/internal/test_abort.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/async/task_name.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/jumping_clock.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace plait;
using namespace std::chrono_literals;
using trace::Activity;
using trace::TaskState;
using trace::Wait;

namespace {

Task<void> wait_for(Event& event) { co_await event.wait(); }

Task<void> wait_as(std::string name, Event& event) {
    const TaskName named(name);
    co_await event.wait();
}

Task<void> wait_for_a_byte(Event& readable) {
    const ActivityScope activity_scope(Activity::first_byte);
    co_await readable.wait();
}

Task<void> sleep_an_hour() { co_await sleep_for(1h); }

LoopInfo this_loop() { return inspect_running_loops().at(0); }

std::string this_text() { return to_text(this_loop()); }

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t lines_in(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

ASYNC_TEST("inspecting a loop finds every task and the owner of its group") {
    Event never;
    auto start_two = [](Event& event) -> Task<void> {
        TaskGroup inner;
        inner.start(wait_for(event), "first");
        inner.start(wait_for(event), "second");
        co_await inner.join();
    };
    TaskGroup group;
    group.start(start_two(never), "outer");
    group.start(sleep_an_hour(), "sleeper");
    co_await testing::others_wait();

    const LoopInfo loop = this_loop();
    std::vector<std::string> found;
    for (const TaskInfo& task : loop.tasks) found.push_back(task.name + " of " + std::to_string(task.starter));
    CHECK(found == std::vector<std::string>{"main of 0", "outer of 1", "first of 2", "second of 2", "sleeper of 1"});
    CHECK(loop.statistics.waiting == 4);
    CHECK(loop.tasks[0].state == TaskState::running);
    CHECK(loop.tasks[1].wait == Wait::tasks);
    never.set();
    co_await group.join();
    CHECK(this_loop().tasks.size() == 1);
}

ASYNC_TEST("a dump describes a wait by its activity and its kind") {
    Event bytes(Wait::readable);
    Semaphore permits{1};
    auto held = permits.try_acquire();
    auto acquire = [](Semaphore& semaphore) -> Task<void> { const auto permit = co_await semaphore.acquire(); };
    TaskGroup group;
    group.start(wait_for_a_byte(bytes), "call");
    group.start(acquire(permits), "next");
    co_await testing::others_wait();
    CHECK(has(this_text(), "2 \"call\": waiting for first byte (readable)\n"));
    CHECK(has(this_text(), "3 \"next\": waiting for permit\n"));
    CHECK(has(this_text(), "1 \"main\": running\n"));
    held.reset();
    bytes.set();
    CHECK(has(this_text(), "2 \"call\": ready\n"));
    co_await group.join();
}

ASYNC_TEST("a dump shows the time left of a sleep and of a deadline") {
    Event never;
    auto patient = [](Event& event) -> Task<void> {
        Task<void> work = wait_for(event);
        co_await within(90s, std::move(work));
    };
    TaskGroup group;
    group.start(sleep_an_hour(), "sleeper");
    group.start(patient(never), "patient");
    co_await sleep_for(30s);
    CHECK(has(this_text(), "\"sleeper\": waiting for time, 59 min 30 s left\n"));
    CHECK(has(this_text(), "\"patient\": waiting for event, gives up in 60 s\n"));
    group.cancel();
    CHECK(has(this_text(), "\"sleeper\": ready, cancelled\n"));
    co_await group.join();
}

ASYNC_TEST("a dump shows with a task the deadline around the block that started it") {
    auto block = []() -> Task<void> {
        TaskGroup group;
        group.start(sleep_an_hour(), "inside");
        co_await group.join();
    };
    TaskGroup group;
    Task<void> work = block();
    auto limited = [](Task<void> task) -> Task<void> { co_await within(10s, std::move(task)); };
    group.start(limited(std::move(work)));
    co_await sleep_for(4s);
    CHECK(has(this_text(), "\"inside\": waiting for time, 59 min 56 s left, gives up in 6 s\n"));
    co_await group.join();
}

ASYNC_TEST("a task names itself at run time, for as long as the name lives") {
    Event go;
    TaskGroup group;
    group.start(wait_as("row-17", go), "call");
    co_await testing::others_wait();
    CHECK(this_loop().tasks.at(1).name == "row-17");
    {
        const TaskName outer("outer");
        CHECK(TaskName::current() == "outer");
        const TaskName inner("inner");
        CHECK(this_loop().tasks.at(0).name == "inner");
    }
    CHECK(TaskName::current() == "main");
    go.set();
    co_await group.join();
}

ASYNC_TEST("a name can't break the text") {
    Event go;
    TaskGroup group;
    group.start(wait_as("a\n\x1b[2J" + std::string(1'000, 'x'), go));
    co_await testing::others_wait();
    CHECK(has(this_text(), "2 \"a??[2Jxxx"));
    CHECK(has(this_text(), "xxx...\": waiting"));
    CHECK(lines_in(this_text()) == 3);
    go.set();
    co_await group.join();
}

ASYNC_TEST("similar tasks are counted when there are too many to list") {
    Event go;
    Event bytes(Wait::readable);
    TaskGroup group;
    for (int i = 0; i < 5'000; ++i) group.start(wait_as("row-" + std::to_string(i), go));
    for (int i = 0; i < 70; ++i) group.start(wait_for_a_byte(bytes), "call");
    group.start(sleep_an_hour(), "sleeper");
    co_await testing::others_wait();
    const std::string text = this_text();
    CHECK(lines_in(text) == 1 + 1 + 4 + 4 + 1);
    CHECK(has(text, "  and 4997 more like these, waiting for event\n"));
    CHECK(has(text, "  and 67 more like these, waiting for first byte (readable)\n"));
    CHECK(has(text, "\"sleeper\""));
    CHECK(lines_in(to_text(this_loop(), 10'000)) == 1 + this_loop().tasks.size());
    go.set();
    bytes.set();
    group.cancel();
    co_await group.join();
}

ASYNC_TEST("tasks that are all different are listed up to the limit and the rest is counted") {
    Event go;
    TaskGroup group;
    for (int i = 0; i < 100; ++i) group.start(wait_as(std::to_string(i) + "-th", go));
    co_await testing::others_wait();
    const std::string text = this_text();
    CHECK(lines_in(text) == 1 + most_task_lines + 1);
    CHECK(has(text, "\n  and 51 more tasks\n"));
    go.set();
    co_await group.join();
}

TEST_CASE("a dump shows a suspended loop and the loop inside it") {
    std::string text;
    auto inner = [](std::string& written) -> Task<void> {
        const TaskName name("blocking call");
        written = dump();
        co_return;
    };
    EventLoop loop;
    auto outer = [](Task<void> task) -> Task<void> {
        run(std::move(task));
        co_return;
    };
    loop.run(outer(inner(text)));
    CHECK(has(text, "loop: 1 task "));
    CHECK(has(text, "  1 \"main\": running a loop of its own\n"));
    CHECK(has(text, "loop inside of it: 1 task "));
    CHECK(has(text, " \"blocking call\": running\n"));
    CHECK(inspect(loop).tasks.empty());
}

TEST_CASE("a suspended loop can be inspected from the loop inside it") {
    EventLoop loop;
    auto inner = [](const EventLoop& outside) -> Task<void> {
        CHECK(inspect(outside).stands_still);
        CHECK(has(dump(outside), "running a loop of its own"));
        co_return;
    };
    auto outer = [](Task<void> task) -> Task<void> {
        run(std::move(task));
        co_return;
    };
    loop.run(outer(inner(loop)));
    CHECK_FALSE(inspect(loop).stands_still);
}

TEST_CASE("without a loop there is nothing to dump") {
    CHECK(inspect_running_loops().empty());
    CHECK(dump().empty());
}

TEST_CASE("a program that aborts on a deadlock first says what each task waits for") {
    const std::string said = internal::output_of_abort([]() -> Task<void> {
        Event never(Wait::room);
        TaskGroup group;
        group.start(wait_for(never), "stuck");
        co_await group.join();
    });
    CHECK(has(said, "2 \"stuck\": waiting for room\n"));
    CHECK(has(said, "1 \"main\": waiting for tasks\n"));
    CHECK(said.find("stuck") < said.find("plait: bug: deadlock"));
}
