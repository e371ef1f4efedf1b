// CPU-bound work on one thread per processor. C++ threads compute at the same time; Python's would take turns.

#include "plait/plait.hpp"

#include "numbers.hpp"

using namespace plait;

std::uint64_t cpu_bound(int number) {
    if (number < 2) return static_cast<std::uint64_t>(number);
    return cpu_bound(number - 1) + cpu_bound(number - 2);
}

std::vector<std::uint64_t> find_all(const std::vector<int>& list) {
    ThreadPool pool;
    return pool.map(cpu_bound, list).get();
}

int main(int argc, char** argv) { return timed(find_all, numbers(argc, argv)); }
