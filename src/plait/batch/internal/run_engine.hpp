#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/task_group.hpp"
#include "plait/batch/internal/run_parts.hpp"
#include "plait/batch/status/run_monitor.hpp"

#include <exception>
#include <optional>

namespace plait::batch {

/// A run while it is carried out, and what is left of it at its end.
class Run::Engine {
  public:
    Engine(Parts& parts, bool takes_values)
        : parts_(parts),
          runner(*parts.source, *parts.method, parts.runner_options(), parts.runner_parts(takes_values)),
          monitor_(runner, *parts.source, *parts.world.calendar, parts.options.page_url) {}

    /// Carries the run out in this task.
    Task<void> carry_out();

    /// Carries it out beside this task. The scope that starts it must not end before it.
    void start_beside() { beside_.emplace().start(carry_out_beside(), "run"); }
    bool is_beside() const noexcept { return beside_.has_value(); }
    Task<void> join();
    void interrupt(std::string why = "interrupted");

    RunReport report() { return end_ ? last_report_ : monitor_.report(); }
    /// Returns how the run ended, or throws the error that it ended with.
    RunEnd end() const;
    bool has_ended() const noexcept { return end_ || error_; }

  private:
    Task<void> carry_out_beside();
    Task<void> work_beside();
    Task<void> keep_status(Journal& journal);
    Task<void> keep_spent(Journal& journal);
    void close_files();
    void leave_files();
    RunReport report_of_failure();
    void save_cookies();

    Parts& parts_;

  public:
    Runner runner;

  private:
    RunMonitor monitor_;
    CancelScope beginning_;
    std::string interruption_;  ///< why it was interrupted
    std::optional<RunEnd> end_;
    std::exception_ptr error_;
    RunReport last_report_;
    std::optional<TaskGroup> beside_;
};

}  // namespace plait::batch
