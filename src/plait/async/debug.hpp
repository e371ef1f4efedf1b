#pragma once

#include "plait/base/clock.hpp"

#include <functional>
#include <string_view>

namespace plait {

/// Debug mode: what it watches for, and whom it tells.
///
/// In debug mode a loop times each run of each task, warns of a task that keeps the loop for long, knows how long each
/// task has been waiting (see `dump`), and tells of errors that a `TaskGroup` drops. That takes two looks at the clock
/// and at a table for each switch.
class DebugOptions {
  public:
    /// A loop that is kept for longer is late for everything else.
    static constexpr Duration usual_longest_run = std::chrono::milliseconds(100);

    /// Warns on standard error.
    DebugOptions();

    /// How long a task may run without a wait.
    Duration longest_run = usual_longest_run;
    /// Takes one line, without its end. Called on the loop's thread in the middle of things: it throws nothing and runs
    /// no task.
    std::function<void(std::string_view line)> warn;
};

/// Debug mode as the environment wants it: null unless `PLAIT_DEBUG` is set to something other than `0`. Read once.
const DebugOptions* debug_of_environment();

}  // namespace plait
