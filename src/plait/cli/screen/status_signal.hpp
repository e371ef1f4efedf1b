#pragma once

#include "plait/batch/method/status_request.hpp"
#include "plait/cli/screen/signalled_call.hpp"

#include <functional>

namespace plait::cli {

/// Calls a function on SIGUSR1: in a loop, or from code that blocks the loop. After its destruction the signal is
/// ignored. There is one such object at a time.
class StatusSignal {
  public:
    /// Calls `answer` in the loop that runs the calling task, which outlives this. If that loop is blocked, code on its
    /// thread that polls `request` calls it.
    StatusSignal(batch::StatusRequest& request, std::function<void()> answer);
    StatusSignal(const StatusSignal&) = delete;
    StatusSignal& operator=(const StatusSignal&) = delete;
    ~StatusSignal();

  private:
    static void on_signal(int) noexcept;

    batch::StatusRequest& request_;
    SignalledCall in_the_loop_;
};

}  // namespace plait::cli
