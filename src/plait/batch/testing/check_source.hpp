#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/call/source.hpp"

#include <functional>
#include <memory>

namespace plait::testing {

/// Checks that a source keeps the contract of `batch::Source`. For the test of a class that implements it: `make` makes
/// a source of the same items each time, at least two of them. A broken promise is a failed check of the running test
/// case.
Task<void> check_source(std::function<std::unique_ptr<batch::Source>()> make);

}  // namespace plait::testing
