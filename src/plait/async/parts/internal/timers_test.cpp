#include "plait/async/parts/internal/timers.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::internal;

namespace {
struct NamedTimer final : Timer {
    void fire() noexcept override {}
};
}  // namespace

TEST_CASE("timers come out by deadline, then by the order of arming") {
    TimerHeap heap;
    NamedTimer a, b, c;
    heap.arm(a, TimePoint(Duration(5)));
    heap.arm(b, TimePoint(Duration(3)));
    heap.arm(c, TimePoint(Duration(5)));
    CHECK(heap.next_deadline() == TimePoint(Duration(3)));
    CHECK(heap.pop_due(TimePoint(Duration(2))) == nullptr);
    CHECK(heap.pop_due(TimePoint(Duration(9))) == &b);
    CHECK(heap.pop_due(TimePoint(Duration(9))) == &a);
    CHECK(heap.pop_due(TimePoint(Duration(9))) == &c);
    CHECK(heap.pop_due(TimePoint(Duration(9))) == nullptr);
}

TEST_CASE("the heap agrees with an ordered map for any mix of arming, disarming and firing") {
    std::mt19937 random(7);
    TimerHeap heap;
    std::map<std::pair<TimePoint, int>, Timer*> model;
    std::vector<std::pair<std::unique_ptr<NamedTimer>, std::pair<TimePoint, int>>> timers;
    int armed = 0;
    for (int i = 0; i < 500; ++i) timers.emplace_back(std::make_unique<NamedTimer>(), std::pair(TimePoint{}, 0));
    for (int step = 0; step < 50'000; ++step) {
        auto& [timer, key] = timers[random() % timers.size()];
        if (timer->is_armed()) {
            model.erase(key);
            heap.disarm(*timer);
        } else {
            key = {TimePoint(Duration(random() % 200)), armed++};
            model.emplace(key, timer.get());
            heap.arm(*timer, key.first);
        }
        REQUIRE(heap.size() == model.size());
        if (random() % 10 == 0) {
            const TimePoint now{Duration(random() % 50)};
            Timer* due = heap.pop_due(now);
            if (model.empty() || model.begin()->first.first > now) {
                REQUIRE(due == nullptr);
            } else {
                REQUIRE(due == model.begin()->second);
                model.erase(model.begin());
            }
        }
    }
}
