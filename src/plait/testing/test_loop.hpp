#pragma once

#include "plait/async/task.hpp"

namespace plait::testing {

/// Runs `body` in a loop with a jumping clock. With `PLAIT_TEST_SEED` in the environment the ready tasks run in an
/// order drawn from it.
void run_test(Task<void> body);

/// Lets the other tasks of the loop run until all of them wait.
Task<void> others_wait();

}  // namespace plait::testing
