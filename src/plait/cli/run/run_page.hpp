#pragma once

#include "plait/async/task.hpp"
#include "plait/async/task_group.hpp"
#include "plait/batch/run.hpp"
#include "plait/batch/status/progress.hpp"
#include "plait/watch/watch_server.hpp"

#include <cstdint>
#include <string>

namespace plait::cli {

/// The page of `plait run --ui`.
class RunPage {
  public:
    /// Listens at this port; 0: at a free one. Throws `Error(bad_input)` when it is in use.
    explicit RunPage(std::uint16_t port);

    std::string url() const { return server_.url(); }

    /// Says where the page is, and serves it in `beside`. `name`: of the run, for people. What its buttons do is
    /// written to `screen`, in place of the progress. All that is referred to outlives the tasks of `beside`.
    void serve(batch::Run& run, std::string name, batch::Screen& screen, batch::Progress& progress, TaskGroup& beside);

    /// Finishes the run, and tells open pages how it ended. The run, and this, outlive the task.
    Task<batch::RunEnd> finish(batch::Run& run);

  private:
    watch::WatchServer server_;
};

}  // namespace plait::cli
