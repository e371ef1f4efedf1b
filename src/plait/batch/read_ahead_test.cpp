#include "plait/batch/read_ahead.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/testing/async_test.hpp"

#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

Task<void> hold(ReadAhead& ahead, std::vector<Semaphore::Permit>& held, std::size_t count) {
    while (count-- > 0) held.push_back(co_await ahead.acquire());
}

}  // namespace

ASYNC_TEST("as long as calls leave, only a few are read ahead") {
    ReadAhead ahead(1000);
    std::vector<Semaphore::Permit> held;
    const TimePoint begin = now();
    co_await hold(ahead, held, ReadAhead::usual);
    CHECK(now() == begin);
    for (int i = 0; i < 1000; ++i) {
        held.pop_back();
        co_await hold(ahead, held, 1);
    }
    CHECK(now() == begin);
}

ASYNC_TEST("when none leaves more are read, portion by portion, and no more than there may be") {
    ReadAhead ahead(1000);
    std::vector<Semaphore::Permit> held;
    const TimePoint begin = now();
    co_await hold(ahead, held, 1000);
    CHECK(now() - begin <= 1000 / ReadAhead::usual * ReadAhead::patience);
    CHECK_FALSE(co_await within(1h, hold(ahead, held, 1)));
    held.clear();
    co_await hold(ahead, held, 1000);
}

ASYNC_TEST("a few may be all that may be read ahead") {
    ReadAhead ahead(2);
    std::vector<Semaphore::Permit> held;
    co_await hold(ahead, held, 2);
    CHECK_FALSE(co_await within(1h, hold(ahead, held, 1)));
    held.clear();
    co_await hold(ahead, held, 2);
}
