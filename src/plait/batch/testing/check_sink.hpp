#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/call/sink.hpp"

#include <functional>
#include <string>

namespace plait::testing {

/// Checks that a sink keeps the contract of `batch::Sink`. For the test of a class that implements it: `sink` is new
/// and its reader takes everything; `content` returns all that has come there. A broken promise is a failed check of
/// the running test case.
Task<void> check_sink(batch::Sink& sink, std::function<std::string()> content);

}  // namespace plait::testing
