#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/async/parts/remote_call.hpp"

#include <atomic>
#include <functional>
#include <utility>

namespace plait::cli {

/// Lets a signal handler call a function in a loop.
class SignalledCall {
  public:
    /// `function` is called in the loop that runs the calling task, which outlives this.
    explicit SignalledCall(std::function<void()> function);
    SignalledCall(const SignalledCall&) = delete;
    SignalledCall& operator=(const SignalledCall&) = delete;
    /// A pending call then does nothing.
    ~SignalledCall();

    /// Async-signal-safe. Has no effect while a call is pending.
    void call() noexcept;

  private:
    /// Owned by the SignalledCall; if that dies while a call is pending, by itself.
    class Message final : public RemoteCall {
      public:
        explicit Message(std::function<void()> to_call) : function(std::move(to_call)) {}
        void arrive() noexcept override;

        std::function<void()> function;
        std::atomic<bool> is_pending = false;
        bool is_orphaned = false;
    };

    const LoopHandle loop_;
    Message* const message_;
};

}  // namespace plait::cli
