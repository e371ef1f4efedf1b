#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/method/method.hpp"

namespace plait::testing {

/// Checks that a method keeps the contract of `batch::Method`, with real requests to a mock server on the loopback. For
/// the test of a class that implements it: `method` is new. A broken promise is a failed check of the running test
/// case.
///
/// At the end it cancels an attempt that would take a minute, unless the method blocks its loop: destroy the method
/// afterwards.
Task<void> check_method(batch::Method& method);

}  // namespace plait::testing
