#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/async/remote_call.hpp"
#include "plait/batch/stop_request.hpp"

#include <functional>

namespace plait::cli {

/// While it lives, Ctrl-C and a request to terminate (SIGINT, SIGTERM) call a function in a loop, twice at most. A
/// third ends the program at once, with `exit_stopped`. One at a time.
class Interrupts {
  public:
    /// Calls `on_interrupt` in the loop that runs the calling task, which outlives this; and asks `stop`, if any, even
    /// when that loop stands still.
    explicit Interrupts(std::function<void()> on_interrupt, batch::StopRequest* stop = nullptr);
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;
    ~Interrupts();

  private:
    class Arrival final : public RemoteCall {
      public:
        explicit Arrival(Interrupts& owner) noexcept : owner_(owner) {}
        void arrive() noexcept override;

      private:
        Interrupts& owner_;
    };
    static void on_signal(int) noexcept;

    std::function<void()> on_interrupt_;
    batch::StopRequest* stop_;
    LoopHandle loop_;
    Arrival first_{*this};
    Arrival second_{*this};
};

}  // namespace plait::cli
