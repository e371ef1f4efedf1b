#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/async/remote_call.hpp"

#include <atomic>
#include <functional>
#include <utility>

namespace plait::cli {

/// A function that signal handlers can have called in a loop.
class SignalledCall {
  public:
    /// `function` is called in the loop that runs the calling task, which outlives this.
    explicit SignalledCall(std::function<void()> function);
    SignalledCall(const SignalledCall&) = delete;
    SignalledCall& operator=(const SignalledCall&) = delete;
    /// A call that is on its way does nothing.
    ~SignalledCall();

    /// From signal handlers. While a call is on its way, another one joins it.
    void call() noexcept;

  private:
    /// Owned by this, and by nobody but itself when it is on its way and this is gone.
    class Message final : public RemoteCall {
      public:
        explicit Message(std::function<void()> to_call) : function(std::move(to_call)) {}
        void arrive() noexcept override;

        std::function<void()> function;
        std::atomic<bool> is_on_its_way = false;
        bool is_left = false;
    };

    const LoopHandle loop_;
    Message* const message_;
};

}  // namespace plait::cli
