#include "plait/batch/method/methods.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/batch/method/async_method.hpp"
#include "plait/batch/method/sync_method.hpp"
#include "plait/batch/method/threads_method.hpp"
#include "plait/batch/testing/check_method.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>

using namespace plait;
using namespace plait::batch;

namespace {

MethodOptions with_concurrency(std::size_t concurrency) {
    MethodOptions options;
    options.concurrency = concurrency;
    return options;
}

}  // namespace

TEST_CASE("a method is found by its name, and the first is the default") {
    std::set<std::string_view> names;
    for (const MethodEntry& method : methods) {
        names.insert(method.name);
        CHECK(find_method(method.name) == &method);
        CHECK(default_concurrency(method) >= 1);
    }
    CHECK(names.size() == methods.size());
    CHECK(methods.front().name == "async");
    CHECK(find_method("fibers") == nullptr);
}

TEST_CASE("a method makes as many attempts at a time as its options say, and sync one") {
    CHECK(AsyncMethod(with_concurrency(7)).most_in_flight() == 7);
    CHECK(ThreadsMethod(with_concurrency(7)).most_in_flight() == 7);
    CHECK(SyncMethod(with_concurrency(7)).most_in_flight() == 1);
}

TEST_CASE("each method keeps the contract") {
    for (const MethodEntry& entry : methods) {
        CAPTURE(entry.name);
        const auto method = entry.make(with_concurrency(2));
        run(testing::check_method(*method));
    }
}
