#pragma once

#include "plait/async/task_group.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/run.hpp"
#include "plait/batch/status/progress.hpp"

#include <cstddef>
#include <string_view>

namespace plait::cli {

/// Shows how a run stands: the calls in flight, and what every task waits for.
class RunStatus {
  public:
    /// How many of the calls in flight are named.
    static constexpr std::size_t most_calls = 5;
    /// How many of the loops on other threads are shown, and the lines for the tasks of one.
    static constexpr std::size_t most_worker_loops = 16, most_worker_lines = 5;
    /// How long such a loop has to answer; longer than a turn of a loop that is not kept.
    static constexpr Duration patience = std::chrono::milliseconds(200);

    /// All of them outlive this; it outlives the tasks of `beside`.
    RunStatus(const batch::Run& run, batch::Progress& progress, batch::Screen& screen, TaskGroup& beside)
        : run_(run), progress_(progress), screen_(screen), beside_(beside) {}

    /// Writes it to the screen, in the place of the progress. What loops on other threads say follows when they have
    /// said it.
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
