#pragma once

#include "plait/async/internal/task_record.hpp"

#include <cstddef>
#include <cstdint>

namespace plait::internal {

/// The tasks of a loop that can run, in the order in which they became ready.
class ReadyQueue {
  public:
    /// With a `shuffle_seed` other than 0 tasks run in an order drawn from it, to expose code that depends on the
    /// order.
    explicit ReadyQueue(std::uint64_t shuffle_seed) noexcept : shuffle_state_(shuffle_seed) {}

    bool empty() const noexcept { return tasks_.empty(); }
    std::size_t size() const noexcept { return size_; }

    void push_back(TaskRecord& task) noexcept {
        ++size_;
        tasks_.push_back(task);
    }
    TaskRecord& pop_front() noexcept {
        --size_;
        return tasks_.pop_front();
    }
    void remove(TaskRecord& task) noexcept {
        --size_;
        task.ListNode<QueueTag>::unlink();
    }

    /// Returns how many tasks to run now, at most `limit`. A shuffled batch is whole: what becomes ready meanwhile is
    /// shuffled into the next.
    std::size_t begin_batch(std::size_t limit) { return shuffle_state_ ? shuffle() : limit; }

  private:
    std::size_t shuffle();

    TaskQueue tasks_;
    std::size_t size_ = 0;
    std::uint64_t shuffle_state_;
};

}  // namespace plait::internal
