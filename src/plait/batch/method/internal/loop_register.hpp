#pragma once

#include "plait/async/event_loop.hpp"

#include <list>
#include <mutex>
#include <utility>
#include <vector>

namespace plait::batch::internal {

/// Lists the loops of threads that make an attempt now, the oldest attempt first. From any thread.
class LoopRegister {
  public:
    /// Lists the calling task's loop as long as it lives. The register outlives it.
    class Stay {
      public:
        explicit Stay(LoopRegister& loops) : loops_(loops), entry_(loops_.add(EventLoop::current_handle())) {}
        Stay(const Stay&) = delete;
        Stay& operator=(const Stay&) = delete;
        ~Stay() { loops_.remove(entry_); }

      private:
        LoopRegister& loops_;
        std::list<LoopHandle>::iterator entry_;
    };

    std::vector<LoopHandle> all() const {
        const std::lock_guard lock(mutex_);
        return {loops_.begin(), loops_.end()};
    }

  private:
    std::list<LoopHandle>::iterator add(LoopHandle loop) {
        const std::lock_guard lock(mutex_);
        return loops_.insert(loops_.end(), std::move(loop));
    }
    void remove(std::list<LoopHandle>::iterator entry) {
        const std::lock_guard lock(mutex_);
        loops_.erase(entry);
    }

    mutable std::mutex mutex_;
    std::list<LoopHandle> loops_;
};

}  // namespace plait::batch::internal
