#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/async/task.hpp"
#include "plait/batch/call/call_result.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace plait::batch {

/// Results for a program that takes them one by one. A run waits while many have not been taken. Belongs to one loop.
class ResultValues {
  public:
    /// With this many waiting to be taken, a run starts no more calls.
    static constexpr std::size_t most_waiting = 100;

    void put(std::unique_ptr<CallResult> result) {
        waiting_.push_back(std::move(result));
        some_.set();
    }

    /// Waits until fewer than `most_waiting` results wait.
    Task<void> wait_for_room() {
        while (waiting_.size() >= most_waiting) {
            room_.reset();
            co_await room_.wait();
        }
    }

    /// Waits for the next result. Returns nothing once the queue is closed and empty.
    Task<std::optional<CallResult>> next() {
        while (waiting_.empty()) {
            if (is_closed_) co_return std::nullopt;
            some_.reset();
            co_await some_.wait();
        }
        const std::unique_ptr<CallResult> result = std::move(waiting_.front());
        waiting_.pop_front();
        room_.set();
        co_return std::move(*result);
    }

    /// Call it after the last result.
    void close() noexcept {
        is_closed_ = true;
        some_.set();
    }

  private:
    std::deque<std::unique_ptr<CallResult>> waiting_;
    bool is_closed_ = false;
    Event some_;  ///< there are results, or no more will come
    Event room_;
};

}  // namespace plait::batch
