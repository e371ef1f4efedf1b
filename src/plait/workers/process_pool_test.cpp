#include "plait/workers/process_pool.hpp"

#include "plait/testing/async_test.hpp"

using namespace plait;

namespace {
int twice(int value) { return 2 * value; }
}  // namespace

ASYNC_TEST("a process's value comes back to the task that submitted it") {
    ProcessPool pool;
    CHECK(co_await pool.submit(twice, 21) == 42);
}
