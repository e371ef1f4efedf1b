#include "plait/async/coordination/gather.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/internal/test_abort.hpp"
#include "plait/async/sleep.hpp"
#include "plait/testing/async_test.hpp"

#include <algorithm>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

using namespace plait;
using namespace std::chrono_literals;

namespace {

Task<int> give_after(Duration duration, int value) {
    co_await sleep_for(duration);
    co_return value;
}

Task<int> fail_after(Duration duration, std::string why) {
    co_await sleep_for(duration);
    throw std::runtime_error(why);
}

struct Crowd {
    int inside = 0;
    int most = 0;
    int made = 0;
};

Task<int> be_counted(Crowd& crowd, int value) {
    crowd.most = std::max(crowd.most, ++crowd.inside);
    co_await sleep_for(std::chrono::seconds(1 + value % 3));
    --crowd.inside;
    co_return value;
}

Task<void> do_nothing(int& count) {
    co_await yield();
    ++count;
}

auto counted(Crowd& crowd, int count) {
    return std::views::iota(0, count) | std::views::transform([&crowd](int value) {
               ++crowd.made;
               return be_counted(crowd, value);
           });
}

template <class Work>
Task<std::string> error_of(Work work) {
    try {
        co_await std::move(work);
    } catch (const std::runtime_error& error) {
        co_return error.what();
    }
    co_return "";
}

}  // namespace

ASYNC_TEST("gather returns the values in the order of the range, whatever order they arrive in") {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 10; ++i) tasks.push_back(give_after(std::chrono::seconds(10 - i), i));
    const TimePoint start = now();
    auto values = co_await gather(std::move(tasks));
    CHECK(now() - start == 10s);
    REQUIRE(values.size() == 10);
    for (int i = 0; i < 10; ++i) CHECK(values[static_cast<std::size_t>(i)] == i);
}

ASYNC_TEST("gather makes each task when its turn comes, and runs no more than the limit") {
    Crowd crowd;
    const auto values = co_await gather(counted(crowd, 100), 7);
    CHECK(values.size() == 100);
    CHECK(crowd.most == 7);
    CHECK(crowd.made == 100);
    Crowd other;
    CHECK_FALSE(co_await within(1ms, gather(counted(other, 1'000'000), 5)));
    CHECK(other.made == 5);
}

ASYNC_TEST("gather of nothing is nothing") { CHECK((co_await gather(std::vector<Task<int>>())).empty()); }

ASYNC_TEST("the first failure in a gather cancels the rest and is thrown") {
    std::vector<Task<int>> tasks;
    tasks.push_back(give_after(1h, 1));
    tasks.push_back(fail_after(1s, "first"));
    tasks.push_back(fail_after(2s, "second"));
    const TimePoint start = now();
    CHECK(co_await error_of(gather(std::move(tasks))) == "first");
    CHECK(now() - start == 1s);
}

ASYNC_TEST("tasks of different types are gathered into a tuple, those without a value into nothing") {
    auto text = []() -> Task<std::string> { co_return "text"; };
    auto owned = []() -> Task<std::unique_ptr<int>> {
        co_await sleep_for(1s);
        co_return std::make_unique<int>(2);
    };
    auto [one, two, three] = co_await gather(text(), owned(), give_after(1s, 3));
    CHECK(one == "text");
    CHECK(*two == 2);
    CHECK(three == 3);
    int count = 0;
    std::vector<Task<void>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(do_nothing(count));
    co_await gather(std::move(tasks), 2);
    CHECK(count == 5);
}

ASYNC_TEST("settle keeps going: each value or error, in order") {
    std::vector<Task<int>> tasks;
    tasks.push_back(give_after(2s, 1));
    tasks.push_back(fail_after(1s, "broken"));
    tasks.push_back(give_after(3s, 3));
    auto settled = co_await settle(std::move(tasks), 2);
    REQUIRE(settled.size() == 3);
    CHECK(settled[0].value() == 1);
    CHECK_FALSE(settled[1].has_value());
    CHECK_THROWS_WITH_AS(settled[1].value(), "broken", std::runtime_error);
    CHECK(settled[2].value() == 3);
}

ASYNC_TEST("a settle that is cancelled is cancelled, not settled") {
    std::vector<Task<int>> tasks;
    tasks.push_back(give_after(1h, 1));
    CHECK_FALSE(co_await within(1s, settle(std::move(tasks))));
}

ASYNC_TEST("as_completed returns values and errors in the order in which they arrive") {
    std::vector<Task<int>> tasks;
    tasks.push_back(give_after(3s, 3));
    tasks.push_back(give_after(1s, 1));
    tasks.push_back(fail_after(2s, "broken"));
    auto answers = as_completed(std::move(tasks));
    CHECK(co_await answers.next() == 1);
    CHECK(co_await error_of(answers.next()) == "broken");
    CHECK(co_await answers.next() == 3);
    CHECK_FALSE(co_await answers.next());
    CHECK_FALSE(co_await answers.next());
}

ASYNC_TEST("as_completed holds the tasks back when nobody takes their values") {
    Crowd crowd;
    auto answers = as_completed(counted(crowd, 1'000), 10);
    CHECK(co_await answers.next());
    co_await sleep_for(1h);
    CHECK(crowd.made < 100);
    CHECK(crowd.most == 10);
    int count = 1;
    while (co_await answers.next()) ++count;
    CHECK(count == 1'000);
}

ASYNC_TEST("leaving as_completed early drops the tasks that have not ended") {
    Crowd crowd;
    {
        auto answers = as_completed(counted(crowd, 1'000), 10);
        CHECK(co_await answers.next());
    }
    CHECK(EventLoop::current_statistics().timers == 0);
    CHECK(EventLoop::current_statistics().waiting == 0);
}

TEST_CASE("a limit of 0 is reported as a bug and does not silently run nothing") {
    CHECK(internal::output_of_abort([]() -> Task<void> {
              std::vector<Task<int>> tasks;
              tasks.push_back(give_after(1s, 1));
              auto answers = as_completed(std::move(tasks), 0);
              co_await answers.next();
          }).find("at least one task runs at a time") != std::string::npos);
    CHECK(internal::output_of_abort([]() -> Task<void> {
              std::vector<Task<int>> tasks;
              tasks.push_back(give_after(1s, 1));
              co_await gather(std::move(tasks), 0);
          }).find("at least one task runs at a time") != std::string::npos);
}

ASYNC_TEST("a range that throws cancels the running tasks, and its error is thrown") {
    auto breaks_at = [](int last) {
        return std::views::iota(0, 10) | std::views::transform([last](int value) {
                   if (value == last) throw std::runtime_error("no more");
                   return give_after(1s, value);
               });
    };
    CHECK(co_await error_of(gather(breaks_at(1), 2)) == "no more");
    CHECK(co_await error_of(gather(breaks_at(5), 2)) == "no more");
    CHECK(co_await error_of(settle(breaks_at(5), 2)) == "no more");
    CHECK(co_await error_of(race(breaks_at(5))) == "no more");
    auto answers = as_completed(breaks_at(1), 1);
    CHECK(co_await answers.next() == 0);
    CHECK(co_await error_of(answers.next()) == "no more");
    CHECK_FALSE(co_await answers.next());
    auto none = as_completed(breaks_at(0), 2);
    CHECK(co_await error_of(none.next()) == "no more");
    CHECK_FALSE(co_await none.next());
    CHECK(EventLoop::current_statistics().timers == 0);
}

ASYNC_TEST("race takes the first and cancels the others") {
    const TimePoint start = now();
    CHECK(co_await race(give_after(3s, 3), give_after(1s, 1), give_after(1h, 2)) == 1);
    CHECK(now() - start == 1s);
    CHECK(EventLoop::current_statistics().timers == 0);
}

ASYNC_TEST("a race in which every task throws ends with the first error") {
    CHECK(co_await error_of(race(fail_after(3s, "third"), fail_after(1s, "first"), fail_after(2s, "second"))) ==
          "first");
}

ASYNC_TEST("settling tasks without a value shows which of them failed") {
    auto maybe_fail = [](bool fails) -> Task<void> {
        co_await yield();
        if (fails) throw std::runtime_error("broken");
    };
    std::vector<Task<void>> tasks;
    tasks.push_back(maybe_fail(false));
    tasks.push_back(maybe_fail(true));
    const auto settled = co_await settle(std::move(tasks));
    CHECK(settled[0].has_value());
    CHECK_THROWS_WITH_AS(settled[1].value(), "broken", std::runtime_error);
}
