#pragma once

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

/// 80 times the URLs on the command line, or two well-known ones.
inline std::vector<std::string> sites(int argc, char** argv) {
    std::vector<std::string> urls(argv + 1, argv + argc);
    if (urls.empty()) urls = {"https://www.jython.org", "http://olympus.realpython.org/dice"};
    std::vector<std::string> list;
    for (int i = 0; i < 80; ++i) list.insert(list.end(), urls.begin(), urls.end());
    return list;
}

/// Downloads all sites, and prints their number and the time.
template <class Download>
int timed(Download download_all_sites, const std::vector<std::string>& list) {
    try {
        const auto start = std::chrono::steady_clock::now();
        download_all_sites(list);
        const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - start;
        std::cout << "Downloaded " << list.size() << " in " << duration.count() << " seconds\n";
        return 0;
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
