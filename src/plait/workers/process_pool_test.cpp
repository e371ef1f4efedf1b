#include "plait/workers/process_pool.hpp"

#include "plait/testing/async_test.hpp"

// The thread sanitizer starts a thread of its own, and follows no memory across processes, so these tests are not for
// it.
#ifndef __SANITIZE_THREAD__

#include "plait/async/coordination/gather.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/trace/recorder.hpp"
#include "plait/workers/internal/worker_crew.hpp"

#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

// g++ has a macro for it, and clang a feature.
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER
#endif
#endif

using namespace plait;
using namespace std::chrono_literals;

namespace {

/// What a test and the worker processes share: jobs that begin, and then wait for the test.
struct Board {
    Board() {
        ::sem_init(&begun, 1, 0);
        ::sem_init(&released, 1, 0);
    }
    void wait_for_a_job() {
        while (::sem_wait(&begun) != 0 && errno == EINTR) {
        }
    }
    void release_a_job() { ::sem_post(&released); }

    static constexpr std::size_t most_jobs = 1000;
    sem_t begun;
    sem_t released;
    std::atomic<pid_t> pid_of_job{0};
    std::atomic<std::size_t> initialized{0};
    std::array<std::atomic<pid_t>, most_jobs> pids_of_workers{};
    std::array<std::atomic<bool>, most_jobs> workers_that_began{};  // a `count_job`
    std::array<std::atomic<bool>, most_jobs> workers_that_were_killed{};
    std::atomic<bool> fresh_worker_was_killed{false};
    std::array<unsigned, most_jobs> kills_in_job{};  // a worker, chosen by this number; 0: none
    std::array<std::atomic<int>, most_jobs> begins{};
    std::array<std::atomic<int>, most_jobs> ends{};
};

/// Made before a pool: its workers see the same memory at the same address.
class SharedBoard {
  public:
    SharedBoard() {
        void* const memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) std::abort();
        board = new (memory) Board;
    }
    SharedBoard(const SharedBoard&) = delete;
    SharedBoard& operator=(const SharedBoard&) = delete;
    ~SharedBoard() { ::munmap(board, sizeof(Board)); }
    Board* operator->() const noexcept { return board; }

    static inline Board* board = nullptr;
};

int hold(int value) {
    SharedBoard::board->pid_of_job = ::getpid();
    ::sem_post(&SharedBoard::board->begun);
    while (::sem_wait(&SharedBoard::board->released) != 0 && errno == EINTR) {
    }
    return value;
}

std::size_t place_of_this_worker = 0;

void register_worker() {
    Board& shared = *SharedBoard::board;
    place_of_this_worker = shared.initialized++ % Board::most_jobs;
    shared.pids_of_workers[place_of_this_worker] = ::getpid();
}

int twice(int value) { return 2 * value; }
pid_t pid_of_worker() { return ::getpid(); }
pid_t pid_of_server() { return ::getppid(); }
int jobs_so_far() {
    static int jobs = 0;
    return ++jobs;
}
void kill_own_worker() { ::kill(::getpid(), SIGKILL); }

void wait_until_gone(pid_t pid) {
    while (::kill(pid, 0) == 0) ::sched_yield();
}

void stop_worker(pid_t pid) {
    ::kill(pid, SIGSTOP);
    for (std::string word; word != "T"; ::sched_yield()) {
        std::ifstream status("/proc/" + std::to_string(pid) + "/status");
        while (status >> word && word != "State:") {
        }
        status >> word;
    }
}

bool has_children() { return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD; }

/// Lets the other tasks run until all of them wait.
Task<void> until_others_wait() {
    while (EventLoop::current_statistics().ready > 0) co_await yield();
}

Task<void> keep_hold(ProcessPool& pool, int& value) { value = co_await pool.submit(hold, 7); }

template <class T>
Task<std::string> error_of(Task<T> work) {
    try {
        co_await std::move(work);
    } catch (const std::exception& exception) {
        co_return exception.what();
    }
    co_return "";
}

ProcessPoolOptions one_worker() {
    ProcessPoolOptions options;
    options.workers = 1;
    return options;
}

}  // namespace

ASYNC_TEST("a process's value comes back to the task that submitted the job") {
    ProcessPool pool;
    CHECK(co_await pool.submit(twice, 21) == 42);
    CHECK(co_await pool.submit(pid_of_worker) != ::getpid());
}

ASYNC_TEST("a lambda that captures nothing is a job too") {
    ProcessPool pool(one_worker());
    CHECK(co_await pool.submit([](int left, int right) { return left - right; }, 5, 3) == 2);
}

namespace {
struct Order {
    std::string item;
    std::vector<double> prices;
    std::optional<int> count;
    std::map<std::string, std::chrono::milliseconds> delays;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(item, prices, count, delays);
    }
};
Order with_one_more(Order order, const std::string& item) {
    order.item += item;
    order.prices.push_back(0.5);
    order.count = order.count.value_or(0) + 1;
    order.delays["last"] = 5ms;
    return order;
}
}  // namespace

ASYNC_TEST("structs and containers survive the round trip") {
    ProcessPool pool(one_worker());
    Order order;
    order.item = "plum";
    order.prices = {1.25};
    const Order more = co_await pool.submit(with_one_more, order, "s");
    CHECK(more.item == "plums");
    CHECK(more.prices == std::vector<double>{1.25, 0.5});
    CHECK(more.count == 1);
    CHECK(more.delays.at("last") == 5ms);
}

ASYNC_TEST("arguments and results of any size survive the round trip") {
    ProcessPool pool(one_worker());
    const auto mirrored = [](std::string text) { return std::string(text.rbegin(), text.rend()); };
    for (const std::size_t size : {0UL, 1UL, 65'511UL, 65'512UL, 65'536UL, 65'537UL, 5'000'000UL}) {
        std::string text(size, 'a');
        if (size > 0) text.front() = 'z';
        const std::string back = co_await pool.submit(mirrored, text);
        CHECK(back == std::string(text.rbegin(), text.rend()));
    }
}

ASYNC_TEST("an error thrown in a job keeps its code and text, and other exceptions their text") {
    ProcessPool pool(one_worker());
    ErrorCode code{};
    std::string message;
    try {
        co_await pool.submit([] { throw Error(ErrorCode::dns, "no such host"); });
    } catch (const Error& error) {
        code = error.code();
        message = error.what();
    }
    CHECK(code == ErrorCode::dns);
    CHECK(message == "no such host");
    CHECK(co_await error_of(pool.submit([] { throw std::out_of_range("too far"); })) == "too far");
    CHECK(co_await error_of(pool.submit([] { throw 5; })) == "something that is no std::exception was thrown");
    CHECK(co_await pool.submit(jobs_so_far) == 1);  // by the same worker: none died
}

ASYNC_TEST("a static variable keeps its value for the worker's next job") {
    ProcessPool pool(one_worker());
    co_await pool.submit(jobs_so_far);
    CHECK(co_await pool.submit(jobs_so_far) == 2);
}

ASYNC_TEST("a job may run a loop of its own, also when the pool was made within one") {
    ProcessPool pool(one_worker());
    const auto sleep_there = [](int value) {
        auto work = [](int result) -> Task<int> {
            co_await sleep_for(1us);
            co_return result;
        };
        return run(work(value));
    };
    CHECK(co_await pool.submit(sleep_there, 42) == 42);
}

TEST_CASE("a trace says that the task waits for a process") {
    class WaitsSeen final : public trace::Recorder {
      public:
        void record(const trace::TaskEvent& event) noexcept override {
            if (event.state == trace::TaskState::waiting) waits.insert(event.wait);
        }
        std::set<trace::Wait> waits;
    };
    ProcessPool pool(ProcessPoolOptions{.workers = 1});
    WaitsSeen seen;
    EventLoopOptions options;
    options.recorder = &seen;
    CHECK(EventLoop(options).run(pool.submit(twice, 4)) == 8);
    CHECK(seen.waits == std::set{trace::Wait::process_job});
}

TEST_CASE("one pool serves one loop after another") {
    CHECK(run([]() -> Task<int> { co_return 1; }()) == 1);  // the thread's own loop is there before the pool
    ProcessPool pool(one_worker());
    CHECK(run(pool.submit(twice, 1)) == 2);
    CHECK(EventLoop().run(pool.submit(twice, 2)) == 4);
    CHECK(run(pool.submit(twice, 3)) == 6);
    CHECK(run(pool.submit([] { return run([]() -> Task<int> { co_return 1; }()); })) == 1);
}

ASYNC_TEST("map gives the values in the order of the items, whatever their number") {
    ProcessPool pool(ProcessPoolOptions{.workers = 3});
    const auto doubled = co_await pool.map(twice, std::views::iota(0, 5000));
    REQUIRE(doubled.size() == 5000);
    for (int i = 0; i < 5000; ++i) CHECK(doubled[static_cast<std::size_t>(i)] == 2 * i);
}

ASYNC_TEST("a map over processes stops at the first job that fails") {
    ProcessPool pool(ProcessPoolOptions{.workers = 2});
    const auto fail_at_ten = [](int item) {
        if (item == 10) throw std::runtime_error("ten");
        return item;
    };
    int given = 0;
    auto items = std::views::iota(0, 1000) | std::views::transform([&given](int item) {
                     ++given;
                     return item;
                 });
    CHECK(co_await error_of(pool.map(fail_at_ten, items)) == "ten");
    CHECK(given < 1000);
}

ASYNC_TEST("jobs and maps run in processes without a loop") {
    ProcessPool pool(ProcessPoolOptions{.workers = 2});
    CHECK(pool.submit(twice, 21).get() == 42);
    CHECK(pool.map(twice, std::vector<int>{1, 2, 3}).get() == std::vector<int>{2, 4, 6});
    CHECK((co_await pool.map(twice, std::vector<int>{})).empty());
}

ASYNC_TEST("a map over processes takes and returns strings, structs and nothing") {
    ProcessPool pool(ProcessPoolOptions{.workers = 2});
    std::vector<Order> orders(200);
    for (std::size_t item = 0; item < orders.size(); ++item) orders[item].item = std::to_string(item);
    const auto count = [](const Order& order) { return Order(with_one_more(order, "!")); };
    const auto more = co_await pool.map(count, orders);
    REQUIRE(more.size() == 200);
    CHECK(more[17].item == "17!");
    co_await pool.map([](std::string) {}, std::vector<std::string>(100, "bread"));
}

ASYNC_TEST("arguments and results of a map may be of any size") {
    ProcessPool pool(ProcessPoolOptions{.workers = 2});
    std::vector<std::size_t> sizes;
    std::minstd_rand random(7);
    for (int item = 0; item < 200; ++item) sizes.push_back(item % 20 == 0 ? 300'000 : random() % 5'000);
    const auto text_of = [](std::size_t size) { return std::string(size, static_cast<char>('a' + size % 26)); };
    auto texts = sizes | std::views::transform(text_of);
    const auto mirrored = [](std::string text) { return "<" + text + ">"; };
    for (const std::size_t chunk : {0UL, 50UL}) {
        const auto back = co_await pool.map(mirrored, texts, MapOptions{.chunk = chunk});
        REQUIRE(back.size() == sizes.size());
        for (std::size_t item = 0; item < back.size(); ++item) CHECK(back[item] == "<" + text_of(sizes[item]) + ">");
    }
}

namespace {
struct Unwritable {
    int number = 0;
    template <class Archive>
    void serialize(Archive& archive) {
        if (number == 10) throw std::runtime_error("can't be written");
        archive(number);
    }
};
}  // namespace

ASYNC_TEST("an item that can't be serialised ends the map") {
    ProcessPool pool(one_worker());
    const auto number_of = [](const Unwritable& item) { return item.number; };
    std::vector<Unwritable> items(20);
    for (int number = 0; number < 20; ++number) items[static_cast<std::size_t>(number)].number = number;
    CHECK(co_await error_of(pool.map(number_of, items)) == "can't be written");
    auto results = pool.stream(number_of, items, MapOptions{.chunk = 4});
    int given = 0;
    std::string message;
    try {
        for (; auto result = co_await results.next(); ++given) CHECK(result->value() == given);
    } catch (const std::runtime_error& error) {
        message = error.what();
    }
    CHECK(given == 10);
    CHECK(message == "can't be written");
}

ASYNC_TEST("a stream of processes returns each item's value or error and continues") {
    ProcessPool pool(ProcessPoolOptions{.workers = 2});
    const auto fail_at_tens = [](int item) {
        if (item % 100 == 0) throw std::runtime_error("hundred");
        if (item % 10 == 0) throw Error(ErrorCode::dns, "no host " + std::to_string(item));
        return 2 * item;
    };
    for (const MapOrder order : {MapOrder::of_items, MapOrder::as_completed}) {
        auto results = pool.stream(fail_at_tens, std::views::iota(0, 1000), MapOptions{.order = order});
        std::set<std::size_t> given;
        while (auto result = co_await results.next()) {
            const int item = static_cast<int>(result->item);
            if (order == MapOrder::of_items) CHECK(result->item == given.size());
            given.insert(result->item);
            CHECK(result->has_value() == (item % 10 != 0));
            if (*result) CHECK(result->value() == 2 * item);
            if (item == 100) CHECK_THROWS_WITH_AS(result->value(), "hundred", std::runtime_error);
            if (item == 110) CHECK_THROWS_WITH_AS(result->value(), "no host 110", Error);
        }
        CHECK(given.size() == 1000);
    }
}

ASYNC_TEST("a stream of processes waits for a consumer that takes no results") {
    ProcessPool pool(ProcessPoolOptions{.workers = 2});
    int asked = 0;
    auto items = std::views::iota(0, 300) | std::views::transform([&asked](int item) {
                     ++asked;
                     return item;
                 });
    auto results = pool.stream(twice, items, MapOptions{.in_flight = 20});
    int taken = 0;
    while (co_await results.next()) {
        ++taken;
        for (int turn = 0; turn < 3; ++turn) co_await pool.submit(twice, 1);  // time enough to ask for more
        CHECK(asked <= taken + 20);
    }
    CHECK(taken == 300);
}

ASYNC_TEST("workers are started when jobs need them, and run jobs at the same time") {
    const SharedBoard shared;
    ProcessPoolOptions options;
    options.workers = 2;
    options.initializer = register_worker;
    ProcessPool pool(options);
    CHECK(co_await pool.submit(twice, 1) == 2);
    CHECK(co_await pool.submit(twice, 2) == 4);
    CHECK(shared->initialized == 1);
    TaskGroup group;
    int first = 0, second = 0;
    group.start(keep_hold(pool, first));
    group.start(keep_hold(pool, second));
    co_await until_others_wait();
    shared->wait_for_a_job();
    shared->wait_for_a_job();  // both hold, neither was released
    shared->release_a_job();
    shared->release_a_job();
    co_await group.join();
    CHECK(first + second == 14);
    CHECK(shared->initialized == 2);
}

ASYNC_TEST("a clock that jumps waits for a job in a process") {
    ProcessPool pool(one_worker());
    CHECK(co_await within(1h, pool.submit(twice, 21)) == 42);
}

ASYNC_TEST("a worker that is killed during a job is reported with its signal and replaced") {
    ProcessPool pool(one_worker());
    const pid_t first = co_await pool.submit(pid_of_worker);
    pid_t pid = 0;
    int signal = 0;
    std::string message;
    try {
        co_await pool.submit(kill_own_worker);
    } catch (const WorkerDied& death) {
        pid = death.pid();
        signal = death.signal();
        message = death.what();
        CHECK(death.code() == ErrorCode::worker_died);
        CHECK(death.exit_status() == 0);
    }
    CHECK(pid == first);
    CHECK(signal == SIGKILL);
    CHECK(message ==
          "worker process " + std::to_string(first) + " was ended by signal 9 (Killed) while it ran the job");
    CHECK(::kill(first, 0) != 0);  // and is no zombie
    CHECK(co_await pool.submit(pid_of_worker) != first);
}

ASYNC_TEST("a worker that exits during a job is reported with its status") {
    ProcessPool pool(one_worker());
    int status = 0, signal = -1;
    try {
        co_await pool.submit([] { ::_exit(3); });
    } catch (const WorkerDied& death) {
        status = death.exit_status();
        signal = death.signal();
    }
    CHECK(status == 3);
    CHECK(signal == 0);
}

ASYNC_TEST("one of four workers killed in a hundred jobs loses exactly one job") {
    ProcessPool pool(ProcessPoolOptions{.workers = 4});
    const auto fall_at_fifty = [](int item) {
        if (item == 50) kill_own_worker();
        return item;
    };
    auto jobs =
        std::views::iota(0, 100) | std::views::transform([&](int item) { return pool.submit(fall_at_fifty, item); });
    const auto outcomes = co_await settle(jobs);
    int lost = 0;
    for (int item = 0; item < 100; ++item) {
        const auto& outcome = outcomes[static_cast<std::size_t>(item)];
        if (!outcome) ++lost;
        CHECK(outcome.has_value() == (item != 50));
    }
    CHECK(lost == 1);
}

ASYNC_TEST("an idle worker that is killed costs no job") {
    ProcessPool pool(one_worker());
    const pid_t idle = co_await pool.submit(pid_of_worker);
    ::kill(idle, SIGKILL);
    wait_until_gone(idle);
    CHECK(co_await pool.submit(twice, 21) == 42);
}

ASYNC_TEST("a job that its worker had not taken when it died goes to another worker") {
    ProcessPool pool(one_worker());
    const pid_t first = co_await pool.submit(pid_of_worker);
    stop_worker(first);
    pid_t second = 0;
    auto submit = [](ProcessPool& processes, pid_t& pid) -> Task<void> {
        pid = co_await processes.submit(pid_of_worker);
    };
    TaskGroup group;
    group.start(submit(pool, second));
    co_await until_others_wait();  // the job lies in the stopped worker's socket
    ::kill(first, SIGKILL);
    co_await group.join();
    CHECK(second != 0);
    CHECK(second != first);
}

namespace {
/// Kills a worker: the one that calls this, or one that may be anywhere. Of those that have not begun a job it kills at
/// most one: on a busy machine, some job could otherwise lose five workers in a row, and the pool would give it up.
void kill_a_worker(std::size_t random) {
    Board& shared = *SharedBoard::board;
    const std::size_t workers = shared.initialized;
    for (std::size_t step = 0; step < workers; ++step) {
        const std::size_t place = (random + step) % workers;
        const pid_t victim = shared.pids_of_workers[place];
        if (victim == 0 || shared.workers_that_were_killed[place]) continue;
        if (!shared.workers_that_began[place] && shared.fresh_worker_was_killed.exchange(true)) continue;
        if (shared.workers_that_were_killed[place].exchange(true)) continue;
        ::kill(victim, SIGKILL);
        return;
    }
}

int count_job(int item) {
    Board& shared = *SharedBoard::board;
    const auto number = static_cast<std::size_t>(item);
    shared.workers_that_began[place_of_this_worker] = true;
    ++shared.begins[number];
    if (shared.kills_in_job[number] > 0) kill_a_worker(shared.kills_in_job[number]);
    for (int turn = 0; turn < item % 7; ++turn) ::sched_yield();
    ++shared.ends[number];
    return item;
}

/// One job in forty kills a worker.
void choose_jobs_that_kill(unsigned seed) {
    std::minstd_rand random(seed);
    for (unsigned& kills : SharedBoard::board->kills_in_job) kills = random() % 40 == 0 ? 1 + random() % 1000 : 0;
}

template <class Expected>
bool is_a(const Settled<int>& outcome) {
    try {
        Settled<int>(outcome).value();
    } catch (const Expected&) {
        return true;
    } catch (...) {
    }
    return false;
}

/// Whether `count_job` ran at most once for an item, to its end if that has a value, and if not, a worker died.
void check_ran_once_or_died(std::size_t item, const Settled<int>& outcome) {
    CAPTURE(item);
    const Board& shared = *SharedBoard::board;
    CHECK(shared.begins[item] <= 1);
    if (outcome) {
        CHECK(shared.ends[item] == 1);
        CHECK(Settled<int>(outcome).value() == static_cast<int>(item));
    } else {
        CHECK(is_a<WorkerDied>(outcome));
    }
}
}  // namespace

TEST_CASE("however workers are killed, each job has one outcome, runs at most once, and to its end if it has a value") {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        CAPTURE(seed);
        const SharedBoard shared;
        choose_jobs_that_kill(seed);
        static constexpr int jobs = 300;
        ProcessPool pool(ProcessPoolOptions{.workers = 4, .initializer = register_worker});
        auto work = [](ProcessPool& processes) -> Task<std::vector<Settled<int>>> {
            auto all = std::views::iota(0, jobs) |
                       std::views::transform([&](int item) { return processes.submit(count_job, item); });
            co_return co_await settle(all, 8);
        };
        const auto outcomes = run(work(pool));
        REQUIRE(outcomes.size() == jobs);
        for (std::size_t item = 0; item < jobs; ++item) check_ran_once_or_died(item, outcomes[item]);
    }
    CHECK_FALSE(has_children());
}

namespace {

/// Whether exactly the items in `lost` have no value, and each of the others its own.
void check_all_but(const std::set<std::size_t>& lost, std::size_t items,
                   const std::map<std::size_t, Settled<int>>& outcomes) {
    CHECK(outcomes.size() == items);
    for (const auto& [item, outcome] : outcomes) {
        CAPTURE(item);
        CHECK(outcome.has_value() == !lost.contains(item));
        if (outcome) CHECK(Settled<int>(outcome).value() == static_cast<int>(item));
    }
}

Task<std::map<std::size_t, Settled<int>>> outcomes_of(ProcessPool& pool, int (*function)(int), int items,
                                                      MapOptions options) {
    std::map<std::size_t, Settled<int>> outcomes;
    auto results = pool.stream(function, std::views::iota(0, items), options);
    while (auto result = co_await results.next()) outcomes.emplace(result->item, std::move(*result));
    co_return outcomes;
}

}  // namespace

ASYNC_TEST("a worker killed in a map of a thousand items costs only the item it ran, whatever the chunk size") {
    const auto fall = [](int item) {
        if (item == 500) kill_own_worker();
        return item;
    };
    for (const std::size_t chunk : {0UL, 1UL, 10UL, 1000UL}) {
        CAPTURE(chunk);
        ProcessPool pool(ProcessPoolOptions{.workers = 2});
        const auto outcomes = co_await outcomes_of(pool, fall, 1000, MapOptions{.chunk = chunk});
        check_all_but({500}, 1000, outcomes);
        CHECK(is_a<WorkerDied>(outcomes.at(500)));
    }
}

TEST_CASE(
    "however workers are killed in a map, each item has one outcome, runs at most once, and one death fails one item") {
    for (unsigned seed = 1; seed <= 4; ++seed) {
        CAPTURE(seed);
        const SharedBoard shared;
        choose_jobs_that_kill(seed);
        static constexpr int items = 1000;
        ProcessPool pool(ProcessPoolOptions{.workers = 3, .initializer = register_worker});
        const MapOptions options{.chunk = seed % 2 ? 0UL : 100UL, .order = MapOrder::as_completed};
        const auto outcomes = run(outcomes_of(pool, count_job, items, options));
        REQUIRE(outcomes.size() == items);
        std::size_t lost = 0;
        for (const auto& [item, outcome] : outcomes) {
            check_ran_once_or_died(item, outcome);
            if (!outcome) ++lost;
        }
        CHECK(lost > 0);
        CHECK(lost <= shared->initialized);
    }
    CHECK_FALSE(has_children());
}

ASYNC_TEST("an item that exits or aborts fails alone") {
    ProcessPool pool(ProcessPoolOptions{.workers = 2});
    const auto leave = [](int item) {
#ifdef HAS_ADDRESS_SANITIZER  // which looks for leaks at a proper exit
        if (item == 20) ::_exit(3);
#else
        if (item == 20) std::exit(3);
#endif
        if (item == 30) ::_exit(0);
        if (item == 40) ::raise(SIGSEGV);
        return item;
    };
    const auto outcomes = co_await outcomes_of(pool, leave, 100, MapOptions{.chunk = 50});
    check_all_but({20, 30, 40}, 100, outcomes);
    CHECK(is_a<WorkerDied>(outcomes.at(20)));
}

TEST_CASE("an item that runs for ever fails alone when its time is up") {
    ProcessPool pool(ProcessPoolOptions{.workers = 2});
    const auto loop = [](int item) {
        const volatile bool hang = item == 20 || item == 73;
        while (hang) {
        }
        return item;
    };
    const auto outcomes = run(outcomes_of(pool, loop, 100, MapOptions{.chunk = 50, .limit = 3s}));
    check_all_but({20, 73}, 100, outcomes);
    CHECK_THROWS_WITH_AS(Settled<int>(outcomes.at(20)).value(),
                         "run a job in a worker process: timed out after 3000 ms", Error);
}

TEST_CASE("the time limit holds for each item and for the start of the first") {
    using internal::Progress;
    using internal::time_left;
    const TimePoint sent(10s);
    CHECK(time_left(3s, Progress{}, sent, TimePoint(11s)) == 2s);
    CHECK(time_left(3s, Progress{0, true, TimePoint(12s)}, sent, TimePoint(14s)) == 1s);
    CHECK(time_left(3s, Progress{70, true, TimePoint(90s)}, sent, TimePoint(91s)) == 2s);
    CHECK(time_left(3s, Progress{70, true, TimePoint(90s)}, sent, TimePoint(94s)) == 0s);
}

ASYNC_TEST("a worker is replaced within a map when it has done its share") {
    ProcessPoolOptions options;
    options.workers = 1;
    options.jobs_per_worker = 3;
    ProcessPool pool(options);
    const auto count = [](int) { return jobs_so_far(); };
    auto counts = co_await pool.map(count, std::views::iota(0, 8), MapOptions{.chunk = 5});
    std::ranges::sort(counts);
    CHECK(counts == std::vector<int>{1, 1, 1, 2, 2, 2, 3, 3});
}

ASYNC_TEST("an initializer that throws fails each item of a map with its message") {
    ProcessPoolOptions options;
    options.initializer = [] { throw std::runtime_error("no certificates"); };
    ProcessPool pool(options);
    const auto outcomes = co_await outcomes_of(pool, twice, 10, MapOptions{.chunk = 5});
    CHECK(outcomes.size() == 10);
    for (const auto& [item, outcome] : outcomes)
        CHECK_THROWS_WITH_AS(Settled<int>(outcome).value(),
                             "start a worker process: its initializer threw: no certificates", Error);
}

ASYNC_TEST("leaving a stream early kills the workers of running items") {
    const SharedBoard shared;
    ProcessPool pool(one_worker());
    {
        auto results = pool.stream(hold, std::views::iota(0, 100));
        TaskGroup releaser;
        auto release = [](SharedBoard& board) -> Task<void> {
            board->wait_for_a_job();
            board->release_a_job();
            co_return;
        };
        auto first = [](auto& stream) -> Task<void> { CHECK((co_await stream.next())->value() == 0); };
        SharedBoard& board = const_cast<SharedBoard&>(shared);
        releaser.start(first(results));
        co_await until_others_wait();
        releaser.start(release(board));
        co_await releaser.join();
        shared->wait_for_a_job();
    }
    wait_until_gone(shared->pid_of_job);
    CHECK(co_await pool.submit(twice, 21) == 42);
}

TEST_CASE("a job that passes its time limit is killed with its worker") {
    const SharedBoard shared;
    ProcessPool pool(one_worker());
    ErrorCode code{};
    std::string message;
    try {
        run(pool.submit_within(5ms, hold, 1));
    } catch (const Error& error) {
        code = error.code();
        message = error.what();
    }
    CHECK(code == ErrorCode::timeout);
    CHECK(message == "run a job in a worker process: timed out after 5 ms");
    CHECK(run(pool.submit_within(1h, twice, 21)) == 42);
}

ASYNC_TEST("cancelling a task kills the worker of a running job and removes a waiting job") {
    const SharedBoard shared;
    ProcessPool pool(one_worker());
    CancelScope scope;
    TaskGroup group;
    auto both = [](CancelScope& around, ProcessPool& processes) -> Task<void> {
        auto two = [](ProcessPool& within_scope) -> Task<void> {
            co_await gather(within_scope.submit(hold, 1), within_scope.submit(hold, 2));
        };
        CHECK_FALSE(co_await around.run(two(processes)));
    };
    group.start(both(scope, pool));
    co_await until_others_wait();
    shared->wait_for_a_job();
    scope.cancel();
    co_await group.join();
    wait_until_gone(shared->pid_of_job);
    CHECK(co_await pool.submit(twice, 21) == 42);
}

ASYNC_TEST("dropping a task kills the worker of its job") {
    const SharedBoard shared;
    ProcessPool pool(one_worker());
    int value = 0;
    {
        TaskGroup dropped;
        dropped.start(keep_hold(pool, value));
        co_await until_others_wait();
        shared->wait_for_a_job();
    }
    wait_until_gone(shared->pid_of_job);
    CHECK(co_await pool.submit(twice, 21) == 42);
    CHECK(value == 0);
}

ASYNC_TEST("a worker is replaced when it has done its share") {
    ProcessPoolOptions options;
    options.workers = 1;
    options.jobs_per_worker = 2;
    ProcessPool pool(options);
    std::vector<int> counts;
    for (int job = 0; job < 5; ++job) counts.push_back(co_await pool.submit(jobs_so_far));
    CHECK(counts == std::vector<int>{1, 2, 1, 2, 1});
}

ASYNC_TEST("the initializer runs once in each worker") {
    const SharedBoard shared;
    ProcessPoolOptions options;
    options.workers = 1;
    options.initializer = register_worker;
    ProcessPool pool(options);
    const pid_t pid = co_await pool.submit(pid_of_worker);
    co_await pool.submit(twice, 1);
    CHECK(shared->initialized == 1);
    CHECK(shared->pids_of_workers[0] == pid);
}

ASYNC_TEST("an initializer that throws fails the job with its message") {
    ProcessPoolOptions options;
    options.initializer = [] { throw std::runtime_error("no certificates"); };
    ProcessPool pool(options);
    const std::string expected = "start a worker process: its initializer threw: no certificates";
    CHECK(co_await error_of(pool.submit(twice, 1)) == expected);
    CHECK(co_await error_of(pool.submit(twice, 1)) == expected);
}

ASYNC_TEST("workers that end before they take a job are restarted with growing delays, and not for ever") {
    const SharedBoard shared;
    ProcessPoolOptions options;
    options.workers = 1;
    options.initializer = [] {
        ++SharedBoard::board->initialized;
        ::_exit(7);
    };
    ProcessPool pool(options);
    const TimePoint start = now();
    CHECK(co_await error_of(pool.submit(twice, 1)) ==
          "run a job: 5 worker processes in a row ended before they could take it; the last exited with status 7");
    CHECK(now() - start == 10ms + 20ms + 40ms);
    CHECK(shared->initialized == 5);
}

ASYNC_TEST("items of one chunk fail together when no worker gets as far as taking them") {
    const SharedBoard shared;
    ProcessPoolOptions options;
    options.workers = 1;
    options.initializer = [] {
        ++SharedBoard::board->initialized;
        ::_exit(7);
    };
    ProcessPool pool(options);
    const auto outcomes = co_await outcomes_of(pool, twice, 1000, MapOptions{.chunk = 1000});
    CHECK(outcomes.size() == 1000);
    for (const auto& [item, outcome] : outcomes) CHECK_FALSE(outcome);
    CHECK(shared->initialized == 5);
}

TEST_CASE("the delay after failed starts begins with the second and doubles up to 5 s") {
    using internal::delay_after_failed_starts;
    CHECK(delay_after_failed_starts(0) == 0ms);
    CHECK(delay_after_failed_starts(1) == 0ms);
    CHECK(delay_after_failed_starts(2) == 10ms);
    CHECK(delay_after_failed_starts(3) == 20ms);
    CHECK(delay_after_failed_starts(10) == 2560ms);
    CHECK(delay_after_failed_starts(11) == 5s);
    CHECK(delay_after_failed_starts(1'000'000) == 5s);
}

#ifndef HAS_ADDRESS_SANITIZER  // which reserves terabytes of address space
ASYNC_TEST("a job that asks for more memory than its worker may have gets bad_alloc") {
    ProcessPoolOptions options;
    options.workers = 1;
    options.memory_limit = 512 * 1024 * 1024;
    ProcessPool pool(options);
    const auto fill = [](std::size_t size) { return std::vector<char>(size, 'x').size(); };
    CHECK(co_await error_of(pool.submit(fill, 1UL << 30)) == "std::bad_alloc");
    CHECK(co_await pool.submit(fill, 1UL << 20) == 1UL << 20);
}

ASYNC_TEST("an item that exhausts its worker's memory or an argument that is too large for it fails alone") {
    ProcessPoolOptions options;
    options.workers = 1;
    options.memory_limit = 512 * 1024 * 1024;
    ProcessPool pool(options);
    const auto greedy = [](int item) {
        return item == 7 ? static_cast<int>(std::vector<char>(1UL << 30, 'x').size()) : item;
    };
    const auto outcomes = co_await outcomes_of(pool, greedy, 100, MapOptions{.chunk = 20});
    check_all_but({7}, 100, outcomes);
    CHECK_THROWS_WITH_AS(Settled<int>(outcomes.at(7)).value(), "std::bad_alloc", std::runtime_error);

    const auto size_of = [](const std::string& text) { return text.size(); };
    CHECK(co_await error_of(pool.submit(size_of, std::string(600UL << 20, 'x'))) == "std::bad_alloc");
    CHECK(co_await pool.submit(size_of, "small") == 5);
}
#endif

ASYNC_TEST("a worker has none of the program's descriptors but output and error, and reads nothing") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const UniqueFd reading(ends[0]), writing(ends[1]);
    ProcessPool pool(one_worker());
    const auto is_open = [](int fd) { return ::fcntl(fd, F_GETFD) >= 0; };
    CHECK_FALSE(co_await pool.submit(is_open, ends[0]));
    CHECK_FALSE(co_await pool.submit(is_open, ends[1]));
    CHECK(co_await pool.submit(is_open, STDERR_FILENO));
    CHECK(co_await pool.submit([] {
        char byte;
        return ::read(STDIN_FILENO, &byte, 1);
    }) == 0);
}

TEST_CASE("a process pool is refused when the process has threads") {
    std::atomic<bool> over = false;
    std::thread other([&] { over.wait(false); });
    CHECK_THROWS_WITH_AS(ProcessPool{one_worker()},
                         "make a process pool: the process has 2 threads, and forking is safe with one only: "
                         "make the pool before the first thread",
                         Error);
    over = true;
    over.notify_all();
    other.join();
}

ASYNC_TEST("a pool whose fork server was killed says so") {
    const SharedBoard shared;
    ProcessPool pool(one_worker());
    const pid_t server = co_await pool.submit(pid_of_server);
    const std::string expected = "start a worker process: the pool's fork server has ended; make a new pool";
    std::string running;
    auto keep_error = [](ProcessPool& processes, std::string& error) -> Task<void> {
        error = co_await error_of(processes.submit(hold, 1));
    };
    TaskGroup group;
    group.start(keep_error(pool, running));
    co_await until_others_wait();
    shared->wait_for_a_job();
    ::kill(server, SIGKILL);
    co_await group.join();
    CHECK(running == expected);
    CHECK(co_await error_of(pool.submit(twice, 1)) == expected);
}

TEST_CASE("a pool leaves no process behind") {
    {
        ProcessPool pool(ProcessPoolOptions{.workers = 3});
        run(pool.map(twice, std::views::iota(0, 10)));
    }
    CHECK_FALSE(has_children());
}

namespace {

/// A program of its own, in its own process group, that runs one held job in a pool. Its standard output is a pipe that
/// ends when the last of its processes has ended.
class ProgramWithPool {
  public:
    ProgramWithPool() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
        output_ = UniqueFd(ends[0]);
        const UniqueFd their_output(ends[1]);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::setpgid(0, 0);
            ::dup2(their_output.get(), STDOUT_FILENO);
            be_program();
        }
        SharedBoard::board->wait_for_a_job();
    }
    ProgramWithPool(const ProgramWithPool&) = delete;
    ProgramWithPool& operator=(const ProgramWithPool&) = delete;

    void signal_all(int number) const { ::kill(-pid_, number); }
    void signal_program(int number) const { ::kill(pid_, number); }

    /// Waits for the end of all of its processes. Returns the wait status of the first.
    int wait_for_all() const {
        char byte;
        while (::read(output_.get(), &byte, 1) > 0) {
        }
        int status = 0;
        ::waitpid(pid_, &status, 0);
        return status;
    }

  private:
    [[noreturn]] static void be_program() {
        ::signal(SIGTERM, SIG_IGN);
        ::signal(SIGINT, SIG_DFL);
        ProcessPool pool(one_worker());
        ::_exit(run(pool.submit(hold, 7)));
    }

    UniqueFd output_;
    pid_t pid_;
};

}  // namespace

TEST_CASE("no worker outlives a program that is killed") {
    const SharedBoard shared;
    const ProgramWithPool program;
    program.signal_program(SIGKILL);
    CHECK(WTERMSIG(program.wait_for_all()) == SIGKILL);
}

TEST_CASE("no worker outlives a program that ends by Ctrl-C") {
    const SharedBoard shared;
    const ProgramWithPool program;
    program.signal_all(SIGINT);
    CHECK(WTERMSIG(program.wait_for_all()) == SIGINT);
}

TEST_CASE("workers continue as long as the program does, although all of its processes were asked to end") {
    const SharedBoard shared;
    const ProgramWithPool program;
    program.signal_all(SIGTERM);
    shared->release_a_job();
    const int status = program.wait_for_all();
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 7);
}

#endif
