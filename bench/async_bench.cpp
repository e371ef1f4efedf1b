// What the runtime costs. Floors of the same run: a malloc and free, a call that can't be inlined.

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/channel.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"

#include <benchmark/benchmark.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

using namespace plait;
using namespace std::chrono_literals;

namespace {

long resident_bytes() {
    long pages = 0, resident = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
        std::fclose(file);
    }
    return resident * ::sysconf(_SC_PAGESIZE);
}

double thread_cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_THREAD, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Task<void> wait_for(Event& event) { co_await event.wait(); }
Task<void> sleep_to(TimePoint deadline) { co_await sleep_until(deadline); }
Task<void> sleep_long() { co_await sleep_for(1h); }

// In a process of its own, before all others: memory that an earlier one left would not be counted.
void memory_of(benchmark::State& state, bool sleeping) {
    for (auto _ : state) {
        int ends[2];
        if (::pipe(ends) != 0) std::abort();
        if (const pid_t child = ::fork(); child == 0) {
            constexpr int count = 500'000;
            auto measure = [](bool sleep, double& bytes) -> Task<void> {
                Event event;
                TaskGroup group;
                const long before = resident_bytes();
                for (int i = 0; i < count; ++i) group.start(sleep ? sleep_long() : wait_for(event));
                co_await yield();
                bytes = static_cast<double>(resident_bytes() - before) / count;
                event.set();
                group.cancel();
                co_await group.join();
            };
            double bytes = 0;
            run(measure(sleeping, bytes));
            ::_exit(::write(ends[1], &bytes, sizeof bytes) == sizeof bytes ? 0 : 1);
        }
        double bytes = 0;
        if (::read(ends[0], &bytes, sizeof bytes) != sizeof bytes) std::abort();
        state.counters["bytes_each"] = bytes;
        ::close(ends[0]);
        ::close(ends[1]);
    }
}
void memory_of_a_task_at_an_event(benchmark::State& state) { memory_of(state, false); }
BENCHMARK(memory_of_a_task_at_an_event)->Iterations(1);
void memory_of_a_sleeping_task(benchmark::State& state) { memory_of(state, true); }
BENCHMARK(memory_of_a_sleeping_task)->Iterations(1);

Task<void> nothing() { co_return; }
Task<void> start_and_join(benchmark::State& state) {
    TaskGroup group;
    for (auto _ : state) {
        group.start(nothing());
        co_await group.join();
    }
}
void start_and_join_one(benchmark::State& state) { run(start_and_join(state)); }
BENCHMARK(start_and_join_one);

Task<void> start_and_join_batches(benchmark::State& state) {
    TaskGroup group;
    for (auto _ : state) {
        for (int64_t i = 0; i < state.range(0); ++i) group.start(nothing());
        co_await group.join();
    }
    state.counters["each"] = benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)),
                                                benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
void start_and_join_many(benchmark::State& state) { run(start_and_join_batches(state)); }
// The floor of a million tasks on fresh memory: the kernel's price for the pages that they lie on.
void floor_touch_fresh_memory(benchmark::State& state) {
    constexpr std::size_t bytes_a_task = 64 + 80, count = 1'000'000, page = 4096;
    for (auto _ : state) {
        void* const memory =
            ::mmap(nullptr, bytes_a_task * count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (std::size_t at = 0; at < bytes_a_task * count; at += page) static_cast<volatile char*>(memory)[at] = 1;
        ::munmap(memory, bytes_a_task * count);
    }
    state.counters["each"] = benchmark::Counter(static_cast<double>(state.iterations()) * count,
                                                benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(floor_touch_fresh_memory)->Iterations(1);

// The cold one first: later ones find the memory warm.
BENCHMARK(start_and_join_many)->Arg(1'000'000)->Iterations(1)->Name("start_and_join_a_million_cold");
BENCHMARK(start_and_join_many)->Arg(1'000);

void floor_malloc_free(benchmark::State& state) {
    for (auto _ : state) {
        void* memory = std::malloc(200);
        benchmark::DoNotOptimize(memory);
        std::free(memory);
    }
}
BENCHMARK(floor_malloc_free);

[[gnu::noinline]] int call(int value) {
    benchmark::DoNotOptimize(value);
    return value;
}
void floor_call(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(call(1));
}
BENCHMARK(floor_call);

Task<int> child(int value) {
    benchmark::DoNotOptimize(value);
    co_return value;
}
Task<void> await_children(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(co_await child(1));
}
void await_child(benchmark::State& state) { run(await_children(state)); }
BENCHMARK(await_child);

Task<void> yield_again(benchmark::State& state) {
    for (auto _ : state) co_await yield();
}
void yield_once(benchmark::State& state) { run(yield_again(state)); }
BENCHMARK(yield_once);

Task<void> pop_all(Channel<int>& channel) {
    while (auto item = co_await channel.pop()) benchmark::DoNotOptimize(*item);
}
Task<void> hand_over(benchmark::State& state) {
    Channel<int> channel(1);
    TaskGroup group;
    group.start(pop_all, std::ref(channel));
    for (auto _ : state) co_await channel.push(1);
    channel.close();
    co_await group.join();
}
void channel_hand_over(benchmark::State& state) { run(hand_over(state)); }
BENCHMARK(channel_hand_over);

class CountingRecorder final : public trace::Recorder {
  public:
    void record(const trace::TaskEvent& event) noexcept override { last_[++count_ % 1024] = event; }

  private:
    std::size_t count_ = 0;
    std::vector<trace::TaskEvent> last_ = std::vector<trace::TaskEvent>(1024);
};
void channel_hand_over_recorded(benchmark::State& state) {
    CountingRecorder recorder;
    EventLoopOptions options;
    options.recorder = &recorder;
    EventLoop(options).run(hand_over(state));
}
BENCHMARK(channel_hand_over_recorded);

Task<void> sleep_and_note(TimePoint deadline, std::vector<Duration>& late) {
    co_await sleep_until(deadline);
    late.push_back(SteadyClock::instance().now() - deadline);
}
Task<void> many_timers(benchmark::State& state, std::vector<Duration>& late) {
    constexpr int count = 100'000;
    for (auto _ : state) {
        late.clear();
        TaskGroup group;
        const TimePoint start = now() + 200ms;
        const double before = thread_cpu_seconds();
        for (int i = 0; i < count; ++i) {
            group.start(sleep_and_note(start + std::chrono::microseconds(1'000 + (i * 7919LL) % 1'000'000), late));
        }
        co_await group.join();
        state.counters["cpu_ns_each"] = (thread_cpu_seconds() - before) / count * 1e9;
        std::sort(late.begin(), late.end());
        state.counters["late_p99_us"] = static_cast<double>(late[count * 99 / 100].count()) / 1e3;
        state.counters["early"] =
            static_cast<double>(std::count_if(late.begin(), late.end(), [](Duration d) { return d.count() < 0; }));
    }
}
void hundred_thousand_timers(benchmark::State& state) {
    std::vector<Duration> late;
    late.reserve(100'000);
    EventLoopOptions options;
    options.timer_slack = std::chrono::microseconds(state.range(0));
    EventLoop(options).run(many_timers(state, late));
}
BENCHMARK(hundred_thousand_timers)->ArgName("slack_us")->Arg(0)->Arg(500)->Iterations(1)->Unit(benchmark::kMillisecond);

Task<void> arm_and_cancel(benchmark::State& state) {
    TaskGroup group;
    for (int i = 0; i < 100'000; ++i)
        group.start(sleep_to(now() + 1h + std::chrono::milliseconds((i * 7919) % 100'000)));
    co_await yield();
    for (auto _ : state) co_await within(10s, nothing());
    group.cancel();
    co_await group.join();
}
void time_out_that_does_not_fire(benchmark::State& state) { run(arm_and_cancel(state)); }
BENCHMARK(time_out_that_does_not_fire);

Task<void> cancel_waiting(benchmark::State& state) {
    constexpr int count = 10'000;
    for (auto _ : state) {
        state.PauseTiming();
        Event event;
        TaskGroup group;
        for (int i = 0; i < count; ++i) group.start(wait_for(event));
        co_await yield();
        state.ResumeTiming();
        group.cancel();
        co_await group.join();
    }
    state.counters["each"] = benchmark::Counter(static_cast<double>(state.iterations() * count),
                                                benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
void arm_and_disarm(benchmark::State& state) {
    struct TimeOut final : internal::Timer {
        void fire() noexcept override {}
    };
    internal::TimerHeap timers;
    std::vector<std::unique_ptr<TimeOut>> outstanding;
    for (int i = 0; i < 100'000; ++i) {
        timers.arm(*outstanding.emplace_back(std::make_unique<TimeOut>()),
                   TimePoint(1h + std::chrono::milliseconds((i * 7919) % 100'000)));
    }
    TimeOut time_out;
    Duration later = 1h + 50s;
    for (auto _ : state) {
        timers.arm(time_out, TimePoint(later += 1us));
        timers.disarm(time_out);
    }
}
BENCHMARK(arm_and_disarm);

void cancel_a_waiting_task(benchmark::State& state) { run(cancel_waiting(state)); }
BENCHMARK(cancel_a_waiting_task);

/// Jumps at once, like the clock of the tests.
class InstantClock final : public Clock {
  public:
    TimePoint now() const override { return now_; }
    bool jump_to(TimePoint deadline) override {
        now_ = deadline;
        return true;
    }

  private:
    TimePoint now_{1h};
};
Task<void> virtual_sleeps(int count) {
    TaskGroup group;
    for (int i = 0; i < count; ++i) group.start(sleep_to(now() + std::chrono::microseconds((i * 7919LL) % 1'000'000)));
    co_await group.join();
}
void hundred_thousand_virtual_sleeps(benchmark::State& state) {
    for (auto _ : state) {
        InstantClock clock;
        EventLoopOptions options;
        options.clock = &clock;
        EventLoop(options).run(virtual_sleeps(100'000));
    }
}
BENCHMARK(hundred_thousand_virtual_sleeps)->Unit(benchmark::kMillisecond);

}  // namespace
