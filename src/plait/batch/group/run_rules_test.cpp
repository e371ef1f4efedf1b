#include "plait/batch/group/run_rules.hpp"

#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using Verdict = RunRules::Admission::Verdict;

namespace {

policy::Costs usd(double amount) { return policy::Costs("usd", amount); }

RunRuleOptions with_budget(double amount) {
    RunRuleOptions options;
    options.budgets = {policy::Budget("usd", amount)};
    return options;
}

double spent(const RunRules& rules) { return rules.spent().get("usd").value(); }

/// Calls of a dollar an attempt, and what they were told, in that order.
class Calls {
  public:
    explicit Calls(RunRules& rules) : rules_(rules) {}

    Task<void> begin(std::string name) {
        RunRules::Admission admission = co_await rules_.admit(usd(1));
        told.push_back(name + (admission.verdict == Verdict::go ? " goes" : " stops"));
        if (admission.reservation) kept.push_back(std::move(*admission.reservation));
    }

    Task<void> repeat(std::string name, double costs = 1) {
        auto reservation = co_await rules_.admit_again(usd(costs));
        told.push_back(name + (reservation ? " goes again" : " stops"));
        if (reservation) kept.push_back(std::move(*reservation));
    }

    std::vector<std::string> told;
    std::vector<RunRules::Reservation> kept;

  private:
    RunRules& rules_;
};

}  // namespace

ASYNC_TEST("a reservation lasts until the cost is known, and is given back when nothing was sent") {
    RunRules rules(with_budget(2));
    {
        RunRules::Admission sent = co_await rules.admit(usd(1));
        const RunRules::Admission dropped = co_await rules.admit(usd(1));
        CHECK(spent(rules) == 2);
        CHECK_FALSE(rules.try_reserve(usd(1)));
        sent.reservation->settle(usd(0.25));
        CHECK(spent(rules) == 1.25);
    }
    CHECK(spent(rules) == 0.25);
    const RunRules::Admission too_dear = co_await rules.admit(usd(3));
    CHECK(too_dear.verdict == Verdict::never);
}

ASYNC_TEST("another attempt comes before calls that have not begun") {
    RunRules rules(with_budget(2));
    Calls calls(rules);
    co_await calls.begin("a");
    co_await calls.begin("b");
    TaskGroup beside;
    beside.start(calls.begin("c"));
    co_await yield();
    calls.kept.front().settle(usd(1));
    beside.start(calls.repeat("a"));
    co_await sleep_for(1h);
    CHECK(calls.told == std::vector<std::string>{"a goes", "b goes"});
    calls.kept.at(1).settle(usd(0));
    rules.dropped();
    co_await sleep_for(1h);
    CHECK(calls.told.back() == "a goes again");
    calls.kept.back().settle(usd(0));
    rules.dropped();
    co_await beside.join();
    CHECK(calls.told.back() == "c goes");
    CHECK_FALSE(rules.stop_reason());
}

ASYNC_TEST("when no reservation is left to be given back, another attempt stops the run") {
    RunRules rules(with_budget(2));
    Calls calls(rules);
    co_await calls.begin("a");
    co_await calls.begin("b");
    TaskGroup beside;
    beside.start(calls.begin("c"));
    co_await yield();
    calls.kept.at(0).settle(usd(1));
    beside.start(calls.repeat("a"));
    co_await sleep_for(1h);
    CHECK_FALSE(rules.stop_reason());
    calls.kept.at(1).settle(usd(1));
    beside.start(calls.repeat("b"));
    co_await beside.join();
    CHECK(rules.stop_reason() == "the budget of 2 usd is used up");
    CHECK(spent(rules) == 2);
    CHECK(calls.told.size() == 5);
}

ASYNC_TEST("a task that gives up waiting for another attempt blocks no other") {
    RunRules rules(with_budget(3));
    Calls calls(rules);
    co_await calls.begin("a");
    co_await calls.begin("b");
    calls.kept.at(0).settle(usd(0.5));
    TaskGroup repeat;
    repeat.start(calls.repeat("a", 2));
    co_await yield();
    TaskGroup beside;
    beside.start(calls.begin("c"));
    co_await sleep_for(1h);
    CHECK(calls.told == std::vector<std::string>{"a goes", "b goes"});
    repeat.cancel();
    co_await repeat.join();
    co_await beside.join();
    CHECK(calls.told.back() == "c goes");
}
