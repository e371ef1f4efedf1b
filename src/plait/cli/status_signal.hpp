#pragma once

#include "plait/batch/method/status_request.hpp"
#include "plait/cli/signalled_call.hpp"

#include <functional>

namespace plait::cli {

/// While it lives, SIGUSR1 asks how things stand: the answer is given in a loop, or by those who block it. Afterwards
/// the signal is ignored. One at a time.
class StatusSignal {
  public:
    /// Calls `answer` in the loop that runs the calling task, which outlives this; also when that stands still and
    /// somebody on its thread looks at `request`.
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
