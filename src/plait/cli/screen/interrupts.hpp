#pragma once

#include "plait/batch/method/stop_request.hpp"
#include "plait/cli/screen/signalled_call.hpp"

#include <functional>

namespace plait::cli {

/// Calls a function in a loop on Ctrl-C, a request to terminate or a closed terminal (SIGINT, SIGTERM, SIGHUP).
///
/// The function is called at most twice. A third signal ends the program at once, with `exit_stopped`; so does a second
/// signal after the destruction of this object. SIGHUP counts only as the first signal; if it was ignored before, as
/// under nohup, it still is. There is one such object at a time.
class Interrupts {
  public:
    /// Calls `on_interrupt` in the loop that runs the calling task, which outlives this. Also asks `stop`, if any,
    /// which works even if that loop is blocked.
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
