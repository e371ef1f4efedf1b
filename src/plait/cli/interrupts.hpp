#pragma once

#include "plait/batch/method/stop_request.hpp"
#include "plait/cli/signalled_call.hpp"

#include <functional>

namespace plait::cli {

/// While it lives, Ctrl-C, a request to terminate and a terminal that closes (SIGINT, SIGTERM, SIGHUP) call a function
/// in a loop, twice at most. A third ends the program at once, with `exit_stopped`; so does a second that comes when
/// this has gone. SIGHUP counts only as the first; and where it was ignored, as under nohup, it still is. One at a
/// time.
class Interrupts {
  public:
    /// Calls `on_interrupt` in the loop that runs the calling task, which outlives this; and asks `stop`, if any, even
    /// when that loop stands still.
    explicit Interrupts(std::function<void()> on_interrupt, batch::StopRequest* stop = nullptr);
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;
    ~Interrupts();

  private:
    static void on_signal(int number) noexcept;

    batch::StopRequest* stop_;
    SignalledCall first_;
    SignalledCall second_;
    const bool heeds_hangup_;
};

}  // namespace plait::cli
