#pragma once

#include <atomic>
#include <functional>
#include <utility>

namespace plait::batch {

/// Asks for the status of a run, even of code that blocks its event loop. See `StopRequest`.
class StatusRequest {
  public:
    /// From now on, requests call `answer`; empty: they are ignored.
    void set_answer(std::function<void()> answer) { answer_ = std::move(answer); }

    /// From any thread, and from signal handlers.
    void ask() noexcept { asked_ = true; }

    /// Answers if there was a request since the last time. On the thread of the loop.
    void answer_if_asked() {
        if (asked_.exchange(false) && answer_) answer_();
    }

  private:
    std::function<void()> answer_;
    std::atomic<bool> asked_ = false;
};

}  // namespace plait::batch
