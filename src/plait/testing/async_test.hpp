#pragma once

#include "plait/async/task.hpp"
#include "plait/testing/test_loop.hpp"

#include <doctest/doctest.h>

#define PLAIT_ASYNC_TEST_NAMED(function, name)                  \
    static ::plait::Task<void> function();                      \
    TEST_CASE(name) { ::plait::testing::run_test(function()); } \
    static ::plait::Task<void> function()

/// A test case whose body is a coroutine, in a loop whose clock jumps: `ASYNC_TEST("a sentence") { co_await ...;
/// CHECK(...); }`
#define ASYNC_TEST(name) PLAIT_ASYNC_TEST_NAMED(DOCTEST_ANONYMOUS(plait_async_test_), name)
