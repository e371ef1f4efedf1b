#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/async/task.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace plait::batch {

/// Makes calls of the same key wait for one another, in the order in which they took a turn. Belongs to one loop.
class KeyOrder {
    struct Link {
        Event ended{trace::Wait::permit};
        bool is_broken = false;
    };

  public:
    /// A call's place in the queue of its key, until it is destroyed. The order outlives it.
    class Turn {
      public:
        Turn(Turn&&) noexcept = default;
        Turn& operator=(Turn&&) = delete;
        ~Turn();

        /// Waits until the call before has ended. Returns false if that one, or one before it, was not made: then this
        /// one must not be made.
        Task<bool> wait();

        /// This call is not made, so none behind it is.
        void break_off() noexcept { own_->is_broken = true; }

      private:
        friend class KeyOrder;
        Turn(KeyOrder& order, std::string key, std::shared_ptr<Link> before, std::shared_ptr<Link> own) noexcept
            : order_(order), key_(std::move(key)), before_(std::move(before)), own_(std::move(own)) {}

        KeyOrder& order_;
        std::string key_;
        std::shared_ptr<Link> before_;
        std::shared_ptr<Link> own_;
    };

    /// Returns a turn behind all others of this key.
    Turn take_turn(const std::string& key);

    /// Keys with a call that has not ended.
    std::size_t size() const noexcept { return last_.size(); }

  private:
    std::unordered_map<std::string, std::shared_ptr<Link>> last_;
};

}  // namespace plait::batch
