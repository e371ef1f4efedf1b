#pragma once

#include "plait/async/task_group.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/run.hpp"
#include "plait/batch/status/progress.hpp"

#include <cstddef>
#include <string_view>

namespace plait::cli {

/// Prints the calls in flight, and what every task of a run waits for.
class RunStatus {
  public:
    /// The number of calls in flight that are named.
    static constexpr std::size_t most_calls = 5;
    /// The number of loops on other threads that are shown, and the lines for the tasks of each.
    static constexpr std::size_t most_worker_loops = 16, most_worker_lines = 5;
    /// How long such a loop may take to answer: longer than a turn of a loop that is not blocked.
    static constexpr Duration patience = std::chrono::milliseconds(200);

    /// The arguments outlive this object, which outlives the tasks of `beside`.
    RunStatus(const batch::Run& run, batch::Progress& progress, batch::Screen& screen, TaskGroup& beside)
        : run_(run), progress_(progress), screen_(screen), beside_(beside) {}

    /// Writes to the screen, in place of the progress. The loops on other threads follow when they have answered.
    void show();

  private:
    Task<void> show_worker_loops();
    void write(std::string_view text);

    const batch::Run& run_;
    batch::Progress& progress_;
    batch::Screen& screen_;
    TaskGroup& beside_;
    bool is_asking_ = false;
};

}  // namespace plait::cli
