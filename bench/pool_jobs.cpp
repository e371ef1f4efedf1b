// The process pool, as a program to be measured beside other pools; pool_side_by_side.py does.
// Usage: pool_jobs map ITEMS WORKERS      seconds of a map over trivial items, chunks as measured; five rounds
//        pool_jobs kill JOBS WORKERS      the job in the middle kills its worker: how many results, how many died

#include "plait/async/event_loop.hpp"
#include "plait/workers/process_pool.hpp"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <ranges>
#include <string>

using namespace plait;

namespace {

int next(int value) { return value + 1; }

int fall_at_zero(int value) {
    if (value == 0) ::kill(::getpid(), SIGKILL);
    return value;
}

void measure_map(ProcessPool& pool, int items) {
    for (int round = 0; round < 5; ++round) {
        const auto start = std::chrono::steady_clock::now();
        const auto values = pool.map(next, std::views::iota(0, items)).get();
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        if (values.back() != items) std::exit(1);
        std::printf("%.6f\n", seconds.count());
    }
}

Task<void> count_outcomes(ProcessPool& pool, int jobs) {
    int results = 0, died = 0, other = 0;
    auto stream = pool.stream(fall_at_zero, std::views::iota(-jobs / 2, jobs - jobs / 2));
    while (auto result = co_await stream.next()) {
        try {
            result->value();
            ++results;
        } catch (const WorkerDied&) {
            ++died;
        } catch (const std::exception&) {
            ++other;
        }
    }
    std::printf("%d results, %d WorkerDied, %d other errors\n", results, died, other);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    try {
        ProcessPool pool(ProcessPoolOptions{.workers = static_cast<std::size_t>(std::atoi(argv[3]))});
        if (argv[1] == std::string("kill")) {
            run(count_outcomes(pool, std::atoi(argv[2])));
        } else {
            measure_map(pool, std::atoi(argv[2]));
        }
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
