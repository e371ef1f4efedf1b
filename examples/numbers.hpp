#pragma once

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

/// The numbers on the command line, or 20 times 38.
inline std::vector<int> numbers(int argc, char** argv) {
    std::vector<int> list;
    for (int i = 1; i < argc; ++i) list.push_back(std::stoi(argv[i]));
    if (list.empty()) list.assign(20, 38);
    return list;
}

/// Computes all numbers, and prints the results, their number and the time.
template <class Compute>
int timed(Compute find_all, const std::vector<int>& list) {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<std::uint64_t> found = find_all(list);
    const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - start;
    for (std::size_t i = 0; i < list.size(); ++i) std::cout << list[i] << " gives " << found[i] << '\n';
    std::cout << "Computed " << list.size() << " in " << duration.count() << " seconds\n";
    return 0;
}
