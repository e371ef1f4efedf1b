#include "plait/workers/thread_pool.hpp"

#include "plait/testing/async_test.hpp"

using namespace plait;

namespace {
int twice(int value) { return 2 * value; }
}  // namespace

ASYNC_TEST("a job's value comes back to the task that submitted it") {
    ThreadPool pool;
    CHECK(co_await pool.submit(twice, 21) == 42);
}
TEST_CASE("a job can be waited for without a loop") {
    ThreadPool pool;
    CHECK(run(pool.submit(twice, 21)) == 42);
    CHECK(pool.start(twice, 21).get() == 42);
}
ASYNC_TEST("map keeps the order of its items") {
    ThreadPool pool;
    const auto doubled = co_await pool.map(twice, std::views::iota(0, 1000));
    REQUIRE(doubled.size() == 1000);
    for (int i = 0; i < 1000; ++i) CHECK(doubled[i] == 2 * i);
}
