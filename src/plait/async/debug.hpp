#pragma once

#include "plait/base/clock.hpp"

#include <functional>
#include <string_view>

namespace plait {

/// Options of debug mode.
///
/// In debug mode a loop times each run of each task, warns of a task that keeps the loop for long, knows how long each
/// task has been waiting (see `dump`), and reports errors that a `TaskGroup` drops. That costs two clock readings and
/// table look-ups per switch.
class DebugOptions {
  public:
    /// If one task keeps the loop for longer than this, all others are late.
    static constexpr Duration usual_longest_run = std::chrono::milliseconds(100);

    /// Warns on standard error.
    DebugOptions();

    /// How long a task may run without waiting.
    Duration longest_run = usual_longest_run;
    /// Receives one line, without a line break. Called on the loop's thread while a task changes its state: it must not
    /// throw, and must run no task.
    std::function<void(std::string_view line)> warn;
};

/// Returns the options that the environment asks for: null unless `PLAIT_DEBUG` is set to something other than `0`.
/// Read once.
const DebugOptions* debug_of_environment();

}  // namespace plait
