#include "plait/trace/internal/task_rows.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

using namespace plait::trace;
using plait::trace::internal::TaskRows;

TEST_CASE("the rows agree with a plain map, whatever tasks come and go") {
    std::mt19937 random(7);
    TaskRows rows;
    std::map<TaskId, std::uint32_t> expected;
    std::set<std::uint32_t> taken;
    TaskId next = 1;
    for (int step = 0; step < 20'000; ++step) {
        const bool more = random() % 1000 < (step < 10'000 ? 600u : 400u);
        if (more || expected.empty()) {
            next += random() % 8 == 0 ? 1 + random() % 5000 : 1;  // so that home slots collide
            const std::uint32_t row = rows.add(next);
            std::uint32_t lowest = 1;
            while (taken.contains(lowest)) ++lowest;
            REQUIRE(row == lowest);
            taken.insert(row);
            expected[next] = row;
        } else {
            const auto gone = std::next(expected.begin(), static_cast<std::ptrdiff_t>(random() % expected.size()));
            rows.remove(gone->first);
            taken.erase(gone->second);
            REQUIRE(rows.find(gone->first) == 0);
            expected.erase(gone);
        }
        if (step % 100 != 0) continue;
        for (const auto& [task, row] : expected) REQUIRE(rows.find(task) == row);
    }
    REQUIRE(rows.find(next + 1) == 0);
}
