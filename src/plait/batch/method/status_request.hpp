#pragma once

#include <atomic>
#include <functional>
#include <utility>

namespace plait::batch {

/// Asks how things stand, also of those who block the loop that would tell. See `StopRequest`.
class StatusRequest {
  public:
    /// `answer` is called for requests from now on; empty: nobody answers.
    void set_answer(std::function<void()> answer) { answer_ = std::move(answer); }

    /// From any thread, and from signal handlers.
    void ask() noexcept { asked_ = true; }

    /// Answers what was asked since the last time, once. On the thread of the loop.
    void answer_if_asked() {
        if (asked_.exchange(false) && answer_) answer_();
    }

  private:
    std::function<void()> answer_;
    std::atomic<bool> asked_ = false;
};

}  // namespace plait::batch
