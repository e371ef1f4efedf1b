#include "plait/batch/call/line_set.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <set>
#include <vector>

using namespace plait::batch;

TEST_CASE("a line is in the set from when it is added until it is removed") {
    LineSet lines;
    CHECK_FALSE(lines.contains(7));
    CHECK(lines.add(7));
    CHECK_FALSE(lines.add(7));
    CHECK(lines.contains(7));
    CHECK_FALSE(lines.contains(8));
    CHECK(lines.size() == 1);
    CHECK(lines.remove(7));
    CHECK_FALSE(lines.remove(7));
    CHECK_FALSE(lines.contains(7));
    CHECK(lines.size() == 0);
}

TEST_CASE("a set of lines behaves like a set of numbers") {
    LineSet lines;
    std::set<std::uint64_t> model;
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t line = random() % (i % 2 == 0 ? 1'000'000 : 2'000);
        if (random() % 3 == 0) {
            REQUIRE(lines.remove(line) == (model.erase(line) == 1));
        } else {
            REQUIRE(lines.add(line) == model.insert(line).second);
        }
    }
    std::vector<std::uint64_t> visited;
    lines.for_each([&](std::uint64_t line) { visited.push_back(line); });
    CHECK(visited == std::vector<std::uint64_t>(model.begin(), model.end()));
    CHECK(lines.size() == model.size());
}

TEST_CASE("the largest line takes only the memory of its block") {
    LineSet lines;
    CHECK(lines.add(LineSet::largest_line));
    CHECK(lines.contains(LineSet::largest_line));
    CHECK_FALSE(lines.contains(LineSet::largest_line + 1));
}
