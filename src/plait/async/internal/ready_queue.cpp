#include "plait/async/internal/ready_queue.hpp"

#include <utility>
#include <vector>

namespace plait::internal {

std::size_t ReadyQueue::shuffle() {
    std::vector<TaskRecord*> batch;
    while (!tasks_.empty()) batch.push_back(&tasks_.pop_front());
    for (std::size_t i = batch.size(); i > 1; --i) {
        shuffle_state_ ^= shuffle_state_ << 13;
        shuffle_state_ ^= shuffle_state_ >> 7;
        shuffle_state_ ^= shuffle_state_ << 17;
        std::swap(batch[i - 1], batch[shuffle_state_ % i]);
    }
    for (TaskRecord* task : batch) tasks_.push_back(*task);
    return batch.size();
}

}  // namespace plait::internal
