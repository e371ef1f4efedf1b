#include "plait/workers/thread_pool.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/jumping_clock.hpp"

#include <signal.h>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace plait;
using namespace std::chrono_literals;

namespace {

int twice(int value) { return 2 * value; }

/// Lets jobs wait for the test, and the test for jobs.
class Gate {
  public:
    void open() {
        open_ = true;
        open_.notify_all();
    }
    void wait() const { open_.wait(false); }

  private:
    std::atomic<bool> open_{false};
};

/// A job that begins, and then waits for the test.
struct HeldJob {
    Gate begun;
    Gate released;
    std::atomic<bool> was_asked_to_stop{false};
    std::atomic<bool> ended{false};

    static void work(HeldJob& self) {
        self.begun.open();
        self.released.wait();
        self.was_asked_to_stop = ThreadPool::stop_requested();
        self.ended = true;
    }
};

/// Lets the other tasks run until all of them wait.
Task<void> until_others_wait() {
    while (EventLoop::current_statistics().ready > 0) co_await yield();
}

/// Waits in a loop for what happens on a thread, letting the other tasks run.
Task<void> until(const std::atomic<bool>& happened) {
    while (!happened) co_await yield();
}

Task<void> submit_held(ThreadPool& pool, HeldJob& job) { co_await pool.submit(HeldJob::work, std::ref(job)); }

Task<void> set_after(Task<void> work, bool& done) {
    co_await std::move(work);
    done = true;
}

}  // namespace

TEST_CASE("a job that ended while its loop was suspended is in time") {
    testing::JumpingClock clock;
    EventLoopOptions options;
    options.clock = &clock;
    EventLoop loop(options);
    auto main = [](testing::JumpingClock& time) -> Task<void> {
        HeldJob job;
        ThreadPool pool(ThreadPoolOptions{.threads = 1});
        auto stop = [](HeldJob& held, testing::JumpingClock& passing) -> Task<void> {
            co_await yield();
            held.begun.wait();
            passing.advance(1h);
            held.released.open();
        };
        TaskGroup group;
        group.start(stop(job, time));
        CHECK(co_await within(1s, pool.submit(HeldJob::work, std::ref(job))));
        CHECK_FALSE(job.was_asked_to_stop);
        co_await group.join();
    };
    loop.run(main(clock));
}

ASYNC_TEST("a thread's value comes back to the task that submitted the job") {
    ThreadPool pool;
    CHECK(co_await pool.submit(twice, 21) == 42);
}

ASYNC_TEST("a job may return nothing, and may take and return move-only values") {
    ThreadPool pool;
    auto ran = std::make_shared<std::atomic<bool>>(false);
    const auto set = [](const std::shared_ptr<std::atomic<bool>>& flag) { *flag = true; };
    co_await pool.submit(set, ran);
    CHECK(*ran);
    auto number = std::make_unique<int>(20);
    const auto one_more = [](std::unique_ptr<int> value) {
        ++*value;
        return value;
    };
    CHECK(*co_await pool.submit(one_more, std::move(number)) == 21);
}

ASYNC_TEST("a job's exception is thrown where the job is awaited") {
    ThreadPool pool;
    const auto fail = [](const std::string& what) -> int { throw Error(ErrorCode::dns, what); };
    std::string message;
    ErrorCode code{};
    try {
        co_await pool.submit(fail, "no such host");
    } catch (const Error& error) {
        message = error.what();
        code = error.code();
    }
    CHECK(message == "no such host");
    CHECK(code == ErrorCode::dns);
}

TEST_CASE("a job can be run and waited for without a loop") {
    ThreadPool pool;
    CHECK(run(pool.submit(twice, 21)) == 42);
    CHECK(pool.start(twice, 21).get() == 42);
}

TEST_CASE("a started job that no thread has taken runs on the thread that waits for it") {
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    HeldJob first;
    auto held = pool.start(HeldJob::work, std::ref(first));
    first.begun.wait();
    CHECK(pool.start([] { return std::this_thread::get_id(); }).get() == std::this_thread::get_id());
    first.released.open();
    held.get();
}

TEST_CASE("a job may start jobs of its own pool and wait for them") {
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    const auto outer = [&pool] { return pool.start(twice, 20).get() + pool.start(twice, 1).get(); };
    CHECK(pool.start(outer).get() == 42);
}

TEST_CASE("a started job throws from get and ends before its handle") {
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    CHECK_THROWS_WITH(pool.start([] { throw std::runtime_error("no bread"); }).get(), "no bread");
    HeldJob job;
    {
        auto started = pool.start(HeldJob::work, std::ref(job));
        job.begun.wait();
        job.released.open();
    }
    CHECK(job.ended);
}

TEST_CASE("jobs begin in the order in which they were submitted") {
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    HeldJob first;
    std::vector<int> order;
    auto held = pool.start(HeldJob::work, std::ref(first));
    first.begun.wait();
    auto work = [](ThreadPool& threads, HeldJob& held_job, std::vector<int>& begun) -> Task<void> {
        TaskGroup group;
        const auto note = [](std::vector<int>& into, int number) { into.push_back(number); };
        for (int number = 0; number < 100; ++number) group.start(threads.submit(note, std::ref(begun), number));
        co_await until_others_wait();
        held_job.released.open();
        co_await group.join();
    };
    run(work(pool, first, order));
    held.get();
    std::vector<int> expected(100);
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(order == expected);
}

ASYNC_TEST("threads are started when jobs need them and never more than the limit") {
    ThreadPool pool(ThreadPoolOptions{.threads = 2});
    CHECK(pool.size() == 0);
    HeldJob first, second;
    TaskGroup group;
    group.start(submit_held(pool, first));
    co_await until_others_wait();
    CHECK(pool.size() == 1);
    group.start(submit_held(pool, second));
    group.start(pool.submit([] {}));
    group.start(pool.submit([] {}));
    co_await until_others_wait();
    CHECK(pool.size() == 2);
    first.released.open();
    second.released.open();
    co_await group.join();
    CHECK(pool.size() == 2);
}

ASYNC_TEST("a cancelled job that no thread has taken never runs") {
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    HeldJob first;
    TaskGroup group;
    group.start(submit_held(pool, first));
    co_await until_others_wait();
    std::atomic<bool> ran = false;
    const auto set = [](std::atomic<bool>& flag) { flag = true; };
    CancelScope scope;
    bool left = false;
    auto second = [](CancelScope& around, Task<void> job, bool& was_cancelled) -> Task<void> {
        was_cancelled = !co_await around.run(std::move(job));
    };
    group.start(second(scope, pool.submit(set, std::ref(ran)), left));
    co_await until_others_wait();
    scope.cancel();
    co_await until_others_wait();
    CHECK(left);
    first.released.open();
    co_await group.join();
    co_await pool.submit([] {});
    CHECK_FALSE(ran);
}

ASYNC_TEST("a cancelled job that runs is asked to stop and awaited to its end") {
    ThreadPool pool;
    HeldJob job;
    CancelScope scope;
    TaskGroup group;
    bool over = false;
    auto cancelled_job = [](CancelScope& around, Task<void> work) -> Task<void> {
        co_await around.run(std::move(work));
    };
    group.start(set_after(cancelled_job(scope, submit_held(pool, job)), over));
    co_await until_others_wait();
    job.begun.wait();
    scope.cancel();
    co_await until_others_wait();
    CHECK_FALSE(over);
    job.released.open();
    co_await group.join();
    CHECK(over);
    CHECK(job.was_asked_to_stop);
}

ASYNC_TEST("a job is asked to stop only when it is cancelled") {
    CHECK_FALSE(ThreadPool::stop_requested());
    ThreadPool pool;
    CHECK_FALSE(co_await pool.submit(ThreadPool::stop_requested));
}

TEST_CASE("an abandonable job is left at once and the pool does not wait for it") {
    const auto job = std::make_shared<HeldJob>();
    const auto work = [](const std::shared_ptr<HeldJob>& held) { HeldJob::work(*held); };
    auto leave = [](auto function, std::shared_ptr<HeldJob> held) -> Task<bool> {
        ThreadPool pool;
        CancelScope scope;
        auto cancel = [](CancelScope& around, HeldJob& begun) -> Task<void> {
            begun.begun.wait();
            around.cancel();
            co_return;
        };
        TaskGroup group;
        group.start(cancel(scope, *held));
        co_return co_await scope.run(pool.submit_abandonable(function, held));
    };
    CHECK_FALSE(run(leave(work, job)));
    CHECK_FALSE(job->ended);
    job->released.open();
    while (!job->ended) std::this_thread::yield();
    CHECK(job->was_asked_to_stop);
}

ASYNC_TEST("a running job continues to its end when its task is dropped") {
    ThreadPool pool;
    HeldJob job;
    {
        TaskGroup dropped;
        dropped.start(submit_held(pool, job));
        co_await until_others_wait();
        job.begun.wait();
    }
    job.released.open();
    co_await until(job.ended);
    CHECK(co_await pool.submit(twice, 21) == 42);
}

ASYNC_TEST("a task that is dropped while its job waits takes the job with it") {
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    HeldJob first;
    std::atomic<bool> ran = false;
    const auto set = [](std::atomic<bool>& flag) { flag = true; };
    TaskGroup group;
    group.start(submit_held(pool, first));
    co_await until_others_wait();
    {
        TaskGroup dropped;
        dropped.start(pool.submit(set, std::ref(ran)));
        co_await until_others_wait();
    }
    first.released.open();
    co_await group.join();
    co_await pool.submit([] {});
    CHECK_FALSE(ran);
}

ASYNC_TEST("a clock that jumps waits for a job on a thread") {
    ThreadPool pool;
    CHECK(co_await within(1h, pool.submit(twice, 21)) == 42);
}

ASYNC_TEST("map gives the values in the order of the items") {
    ThreadPool pool(ThreadPoolOptions{.threads = 4});
    const auto doubled = co_await pool.map(twice, std::views::iota(0, 1000));
    REQUIRE(doubled.size() == 1000);
    for (int i = 0; i < 1000; ++i) CHECK(doubled[static_cast<std::size_t>(i)] == 2 * i);
}

ASYNC_TEST("map asks for items only as their turn comes") {
    ThreadPool pool(ThreadPoolOptions{.threads = 2});
    std::atomic<int> asked = 0, done = 0, most_ahead = 0;
    auto items = std::views::iota(0, 200) | std::views::transform([&](int item) {
                     ++asked;
                     most_ahead = std::max(most_ahead.load(), asked - done);
                     return item;
                 });
    const auto count = [&done](int) { ++done; };
    co_await pool.map(count, items, MapOptions{.in_flight = 5});
    CHECK(done == 200);
    // Five were given out; a job counts as done on its thread before its task asks for the next item.
    CHECK(most_ahead <= 5);
}

ASYNC_TEST("map stops at the first job that fails") {
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    std::atomic<int> begun = 0;
    const auto fail_at_ten = [&begun](int item) {
        ++begun;
        if (item == 10) throw std::runtime_error("ten");
    };
    std::string message;
    try {
        co_await pool.map(fail_at_ten, std::views::iota(0, 100'000), MapOptions{.in_flight = 4});
    } catch (const std::runtime_error& error) {
        message = error.what();
    }
    CHECK(message == "ten");
    CHECK(begun < 20);
}

ASYNC_TEST("a thread_local variable keeps its value for the next job") {
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    const auto count = [] {
        thread_local int jobs = 0;
        return ++jobs;
    };
    co_await pool.submit(count);
    CHECK(co_await pool.submit(count) == 2);
}

ASYNC_TEST("a job may run a loop of its own") {
    ThreadPool pool;
    const auto sleep_here = [](int value) {
        auto work = [](int result) -> Task<int> {
            co_await sleep_for(1us);
            co_return result;
        };
        return run(work(value));
    };
    CHECK(co_await pool.submit(sleep_here, 42) == 42);
}

ASYNC_TEST("threads leave Ctrl-C and requests to end to the program's own thread") {
    ThreadPool pool;
    const auto blocked = [](int signal) {
        sigset_t mask;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        return ::sigismember(&mask, signal) == 1;
    };
    CHECK(co_await pool.submit(blocked, SIGINT));
    CHECK(co_await pool.submit(blocked, SIGTERM));
    CHECK_FALSE(co_await pool.submit(blocked, SIGSEGV));
    CHECK_FALSE(blocked(SIGINT));
}

TEST_CASE("loops of many threads can share a pool") {
    ThreadPool pool(ThreadPoolOptions{.threads = 3});
    std::atomic<long> sum = 0;
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; ++caller) {
        callers.emplace_back([&] {
            const auto values = run(pool.map(twice, std::views::iota(0, 2000), MapOptions{.in_flight = 50}));
            sum += std::accumulate(values.begin(), values.end(), 0L);
        });
    }
    for (auto& caller : callers) caller.join();
    CHECK(sum == 4L * 2000 * 1999);
}

TEST_CASE("each of very many jobs runs once") {
    ThreadPool pool(ThreadPoolOptions{.threads = 4});
    std::atomic<int> runs = 0;
    const auto count = [&runs](int item) {
        ++runs;
        return item;
    };
    const auto values = run(pool.map(count, std::views::iota(0, 50'000), MapOptions{.in_flight = 1000}));
    CHECK(runs == 50'000);
    CHECK(std::set<int>(values.begin(), values.end()).size() == 50'000);
}

TEST_CASE("a map can be run without a loop") {
    ThreadPool pool;
    CHECK(pool.submit(twice, 21).get() == 42);
    CHECK(pool.map(twice, std::vector<int>{1, 2, 3}).get() == std::vector<int>{2, 4, 6});
}

ASYNC_TEST("a map over no items gives no values") {
    ThreadPool pool;
    CHECK((co_await pool.map(twice, std::vector<int>{})).empty());
    auto results = pool.stream(twice, std::vector<int>{});
    CHECK_FALSE(co_await results.next());
    CHECK_FALSE(co_await results.next());
}

ASYNC_TEST("a map takes items and gives values that can only be moved") {
    ThreadPool pool;
    std::vector<std::unique_ptr<int>> items;
    for (int number = 0; number < 100; ++number) items.push_back(std::make_unique<int>(number));
    const auto one_more = [](std::unique_ptr<int> value) {
        ++*value;
        return value;
    };
    const auto values = co_await pool.map(one_more, std::move(items));
    REQUIRE(values.size() == 100);
    for (int number = 0; number < 100; ++number) CHECK(*values[static_cast<std::size_t>(number)] == number + 1);
}

ASYNC_TEST("a map copies what a view refers to and leaves it unchanged") {
    ThreadPool pool;
    std::vector<std::string> words(50, "a word that is too long to lie inside of its string");
    const auto length = [](std::string word) { return word.size(); };
    const auto lengths = co_await pool.map(length, std::views::all(words));
    CHECK(lengths == std::vector<std::size_t>(50, words.front().size()));
    CHECK(words.back().starts_with("a word"));
}

ASYNC_TEST("items travel in chunks of the requested size") {
    ThreadPool pool(ThreadPoolOptions{.threads = 2});
    // The job of a chunk lies at one place while its items run. The first two chunks run at the same time, or their
    // jobs could lie at the same place.
    std::latch both(2);
    const auto which_job = [&both](int item) {
        if (item == 0 || item == 4) both.arrive_and_wait();
        return internal::ThreadTeam::current_job();
    };
    std::vector<const void*> jobs;
    for (const auto* job : co_await pool.map(which_job, std::views::iota(0, 10), MapOptions{.chunk = 4}))
        jobs.push_back(job);
    REQUIRE(jobs.size() == 10);
    CHECK(jobs[0] == jobs[3]);
    CHECK(jobs[3] != jobs[4]);
    CHECK(jobs[4] == jobs[7]);
    CHECK(jobs[8] == jobs[9]);
}

ASYNC_TEST("a stream returns each item's value or error and continues") {
    ThreadPool pool(ThreadPoolOptions{.threads = 2});
    const auto fail_at_tens = [](int item) {
        if (item % 10 == 0) throw Error(ErrorCode::dns, "no host " + std::to_string(item));
        return 2 * item;
    };
    for (const std::size_t chunk : {0UL, 1UL, 7UL}) {
        auto results = pool.stream(fail_at_tens, std::views::iota(0, 1000), MapOptions{.chunk = chunk});
        int item = 0;
        while (auto result = co_await results.next()) {
            CHECK(result->item == static_cast<std::size_t>(item));
            CHECK(result->has_value() == (item % 10 != 0));
            if (*result) CHECK(result->value() == 2 * item);
            if (!*result) CHECK_THROWS_WITH_AS(result->value(), ("no host " + std::to_string(item)).c_str(), Error);
            ++item;
        }
        CHECK(item == 1000);
    }
}

ASYNC_TEST("a stream as completed does not wait for a slow item") {
    ThreadPool pool(ThreadPoolOptions{.threads = 2});
    Gate gate;
    const auto first_waits = [&gate](int item) {
        if (item == 0) gate.wait();
        return item;
    };
    auto results =
        pool.stream(first_waits, std::views::iota(0, 10), MapOptions{.chunk = 1, .order = MapOrder::as_completed});
    std::set<std::size_t> given;
    for (int count = 0; count < 9; ++count) given.insert((co_await results.next())->item);
    CHECK_FALSE(given.contains(0));
    gate.open();
    CHECK((co_await results.next())->item == 0);
    CHECK_FALSE(co_await results.next());
}

ASYNC_TEST("a stream waits for a consumer that takes no results") {
    ThreadPool pool(ThreadPoolOptions{.threads = 2});
    int asked = 0;
    auto items = std::views::iota(0, 1000) | std::views::transform([&asked](int item) {
                     ++asked;
                     return item;
                 });
    auto results = pool.stream(twice, items, MapOptions{.in_flight = 20});
    std::size_t taken = 0;
    while (auto result = co_await results.next()) {
        CHECK(result->value() == static_cast<int>(2 * taken));
        ++taken;
        for (int turn = 0; turn < 5; ++turn) co_await pool.submit([] {});  // time enough to ask for more
        CHECK(asked <= static_cast<int>(taken) + 20);
    }
    CHECK(taken == 1000);
}

namespace {
/// A clock that advances each time it is read.
class PassingClock final : public Clock {
  public:
    TimePoint now() const override { return now_ += internal::work_of_a_chunk; }
    bool jump_to(TimePoint) override { return false; }

  private:
    mutable TimePoint now_;
};
}  // namespace

ASYNC_TEST("a chunk that takes long gives back the items that it has not begun") {
    ThreadPool pool;
    const PassingClock clock;
    using Chunk = internal::ThreadChunk<int (*)(int), int>;
    Chunk chunk(twice, internal::ChunkRules{internal::WhenItemFails::extend, true, {}, &clock});
    for (int item = 0; item < 10; ++item) chunk.add(static_cast<std::size_t>(item), item);
    co_await pool.submit(Chunk::work_through, chunk.contents());
    CHECK(chunk.finished() == 5);
    CHECK(chunk.took() == 5ms);
    std::vector<int> rest;
    chunk.take_rest([&rest](std::size_t, int item) { rest.push_back(item); });
    CHECK(rest == std::vector<int>{5, 6, 7, 8, 9});
}

ASYNC_TEST("a chunk of a requested size is not cut short") {
    ThreadPool pool;
    const PassingClock clock;
    using Chunk = internal::ThreadChunk<int (*)(int), int>;
    Chunk chunk(twice, internal::ChunkRules{internal::WhenItemFails::extend, false, {}, &clock});
    for (int item = 0; item < 10; ++item) chunk.add(static_cast<std::size_t>(item), item);
    co_await pool.submit(Chunk::work_through, chunk.contents());
    CHECK(chunk.finished() == 10);
}

ASYNC_TEST("a map throws what its range throws") {
    ThreadPool pool;
    auto items = std::views::iota(0, 100) | std::views::transform([](int item) {
                     if (item == 50) throw std::runtime_error("no more");
                     return item;
                 });
    std::string message;
    try {
        co_await pool.map(twice, items);
    } catch (const std::runtime_error& error) {
        message = error.what();
    }
    CHECK(message == "no more");

    auto results = pool.stream(twice, items);
    std::size_t given = 0;
    message.clear();
    try {
        while (co_await results.next()) ++given;
    } catch (const std::runtime_error& error) {
        message = error.what();
    }
    CHECK(given == 50);
    CHECK(message == "no more");
    CHECK_FALSE(co_await results.next());
}

ASYNC_TEST("a cancelled map asks running items to stop and begins no more") {
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    HeldJob job;
    std::atomic<int> begun = 0;
    const auto work = [&](int item) {
        ++begun;
        if (item == 0) HeldJob::work(job);
    };
    CancelScope scope;
    bool over = false, gave_up = false;
    auto mapped = [](CancelScope& around, Task<void> map, bool& was_cancelled) -> Task<void> {
        was_cancelled = !co_await around.run(std::move(map));
    };
    TaskGroup group;
    group.start(
        set_after(mapped(scope, pool.map(work, std::views::iota(0, 100), MapOptions{.chunk = 10}), gave_up), over));
    co_await until_others_wait();
    job.begun.wait();
    scope.cancel();
    co_await until_others_wait();
    CHECK_FALSE(over);  // the running item may use the caller's data
    job.released.open();
    co_await group.join();
    CHECK(gave_up);
    CHECK(job.was_asked_to_stop);
    CHECK(begun == 1);
}

ASYNC_TEST("leaving a stream early asks running items to stop and begins no more") {
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    HeldJob job;
    std::atomic<int> begun = 0;
    const auto work = [&](int item) {
        ++begun;
        if (item == 1) HeldJob::work(job);
        return item;
    };
    {
        auto results = pool.stream(work, std::views::iota(0, 100), MapOptions{.chunk = 1});
        CHECK((co_await results.next())->value() == 0);
        job.begun.wait();
    }
    job.released.open();
    co_await until(job.ended);
    co_await pool.submit([] {});
    CHECK(job.was_asked_to_stop);
    CHECK(begun == 2);
}

TEST_CASE("the options of a map may stand in a co_await expression") {
    // g++ 12.2 destroys a temporary aggregate there twice: this one has nothing to destroy.
    CHECK(std::is_trivially_destructible_v<MapOptions>);
}
