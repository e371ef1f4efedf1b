// What it costs to have work done by a thread or a process. Floors of the same run: two threads that pass a turn back
// and forth with a mutex and a condition variable; two processes that pass a packet back and forth.

#include "plait/async/coordination/gather.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/workers/process_pool.hpp"
#include "plait/workers/thread_pool.hpp"

#include <benchmark/benchmark.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <ranges>
#include <string>
#include <thread>
#include <vector>

using namespace plait;

namespace {

int next(int value) { return value + 1; }
void nothing() {}

/// Keeps this thread, and the threads and processes that it starts, on one processor.
class OneProcessor {
  public:
    OneProcessor() {
        ::sched_getaffinity(0, sizeof before_, &before_);
        cpu_set_t one;
        CPU_ZERO(&one);
        for (int number = 0; number < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++number) {
            if (CPU_ISSET(number, &before_)) CPU_SET(number, &one);
        }
        ::sched_setaffinity(0, sizeof one, &one);
    }
    OneProcessor(const OneProcessor&) = delete;
    OneProcessor& operator=(const OneProcessor&) = delete;
    ~OneProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }

  private:
    cpu_set_t before_;
};

void floor_thread_turns(benchmark::State& state) {
    const OneProcessor one;
    std::mutex mutex;
    std::condition_variable turn_changed;
    bool theirs = false, over = false;
    std::thread other([&] {
        std::unique_lock lock(mutex);
        for (;;) {
            turn_changed.wait(lock, [&] { return theirs || over; });
            if (over) return;
            theirs = false;
            turn_changed.notify_one();
        }
    });
    for (auto _ : state) {
        std::unique_lock lock(mutex);
        theirs = true;
        turn_changed.notify_one();
        turn_changed.wait(lock, [&] { return !theirs; });
    }
    {
        const std::lock_guard lock(mutex);
        over = true;
    }
    turn_changed.notify_one();
    other.join();
}
BENCHMARK(floor_thread_turns)->UseRealTime();

void thread_job_and_back(benchmark::State& state) {
    const OneProcessor one;
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    auto work = [](benchmark::State& turns, ThreadPool& threads) -> Task<void> {
        for (auto _ : turns) benchmark::DoNotOptimize(co_await threads.submit(next, 1));
    };
    run(work(state, pool));
}
BENCHMARK(thread_job_and_back)->UseRealTime();

auto submit_all(ThreadPool& pool, int jobs) {
    return gather(std::views::iota(0, jobs) |
                  std::views::transform([&pool](int job) { return pool.submit(next, job); }));
}

void thread_jobs_and_back_in_bulk(benchmark::State& state) {
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    constexpr int jobs = 1000;
    for (auto _ : state) benchmark::DoNotOptimize(run(submit_all(pool, jobs)));
    state.SetItemsProcessed(state.iterations() * jobs);
}
BENCHMARK(thread_jobs_and_back_in_bulk)->UseRealTime();

void thread_map(benchmark::State& state) {
    ThreadPool pool(ThreadPoolOptions{.threads = static_cast<std::size_t>(state.range(0))});
    constexpr int items = 100'000;
    for (auto _ : state) benchmark::DoNotOptimize(pool.map(next, std::views::iota(0, items)).get());
    state.SetItemsProcessed(state.iterations() * items);
}
BENCHMARK(thread_map)->Arg(1)->Arg(2)->UseRealTime();

void thread_jobs_with_helping_caller(benchmark::State& state) {
    const OneProcessor one;
    ThreadPool pool(ThreadPoolOptions{.threads = 1});
    constexpr int jobs = 1000;
    std::vector<StartedJob<void>> started;
    started.reserve(jobs);
    for (auto _ : state) {
        for (int i = 0; i < jobs; ++i) started.push_back(pool.start(nothing));
        for (auto& job : started) job.get();
        started.clear();
    }
    state.SetItemsProcessed(state.iterations() * jobs);
}
BENCHMARK(thread_jobs_with_helping_caller)->UseRealTime();

void floor_process_packets(benchmark::State& state) {
    const OneProcessor one;
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0) std::abort();
    char packet[64] = {};
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        while (::read(ends[1], packet, sizeof packet) > 0) {
            if (::write(ends[1], packet, sizeof packet) < 0) break;
        }
        ::_exit(0);
    }
    ::close(ends[1]);
    for (auto _ : state) {
        if (::write(ends[0], packet, sizeof packet) < 0 || ::read(ends[0], packet, sizeof packet) <= 0) std::abort();
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
}
BENCHMARK(floor_process_packets)->UseRealTime();

void process_job_and_back(benchmark::State& state) {
    const OneProcessor one;
    ProcessPool pool(ProcessPoolOptions{.workers = 1});
    auto work = [](benchmark::State& turns, ProcessPool& processes) -> Task<void> {
        for (auto _ : turns) benchmark::DoNotOptimize(co_await processes.submit(next, 1));
    };
    run(work(state, pool));
}
BENCHMARK(process_job_and_back)->UseRealTime();

void process_map(benchmark::State& state) {
    ProcessPool pool(ProcessPoolOptions{.workers = 2});
    const MapOptions options{.chunk = static_cast<std::size_t>(state.range(0))};
    constexpr int items = 100'000;
    for (auto _ : state) benchmark::DoNotOptimize(pool.map(next, std::views::iota(0, items), options).get());
    state.SetItemsProcessed(state.iterations() * items);
}
BENCHMARK(process_map)->ArgName("chunk")->Arg(0)->Arg(1)->Arg(10)->Arg(1000)->UseRealTime();

void floor_copy(benchmark::State& state) {
    const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
    for (auto _ : state) benchmark::DoNotOptimize(std::string(bytes));
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(floor_copy)->ArgName("bytes")->Arg(64 << 20)->UseRealTime();

void process_large_there_and_back(benchmark::State& state) {
    ProcessPool pool(ProcessPoolOptions{.workers = 1});
    const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
    const auto same = [](std::string text) { return text; };
    for (auto _ : state) benchmark::DoNotOptimize(pool.submit(same, bytes).get());
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(process_large_there_and_back)->ArgName("bytes")->Arg(64 << 10)->Arg(64 << 20)->UseRealTime();

}  // namespace
