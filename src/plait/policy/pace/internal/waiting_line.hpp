#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/task.hpp"
#include "plait/base/assert.hpp"
#include "plait/base/clock.hpp"
#include "plait/trace/recorder.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace plait::policy::internal {

/// A queue of tasks of one loop: the highest priority first, then in order of arrival.
///
/// Only the head of the queue may proceed. It checks whether it can, and otherwise waits until a time or until it is
/// called to check again. A task that leaves the queue, served or cancelled, makes the next one check.
class WaitingLine {
  public:
    WaitingLine() = default;
    WaitingLine(const WaitingLine&) = delete;
    WaitingLine& operator=(const WaitingLine&) = delete;
    ~WaitingLine() { PLAIT_ASSERT(places_.empty(), "a line was destroyed while tasks wait in it"); }

    /// A task's place in the queue, given up when this is destroyed.
    class Place {
      public:
        Place(WaitingLine& line, int priority) : line_(line), key_(-priority, line.next_++) {
            if (!line_.places_.empty() && key_ < line_.places_.begin()->first) line_.call_first();
            line_.places_.emplace(key_, this);
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            if (has_left_) return;
            const bool was_first = is_first();
            leave();
            if (was_first) line_.call_first();
        }

        bool is_first() const noexcept { return !has_left_ && line_.places_.begin()->second == this; }

        /// Leaves the queue before this is destroyed, without making the next one check.
        void leave() noexcept {
            line_.places_.erase(key_);
            has_left_ = true;
        }
        void call() noexcept { call_.set(); }

        /// Waits until it is called.
        Event::WaitAwaiter called() noexcept {
            call_.reset();
            return call_.wait();
        }
        /// Waits until it is called, or until `time` comes.
        Task<bool> called_or_at(TimePoint time) { return within(time - now(), called()); }

      private:
        friend class WaitingLine;
        WaitingLine& line_;
        const std::pair<int, std::uint64_t> key_;
        bool has_left_ = false;
        Event call_{trace::Wait::permit};
    };

    bool empty() const noexcept { return places_.empty(); }
    std::size_t size() const noexcept { return places_.size(); }
    /// The head of the queue, which is not empty.
    Place& first() noexcept { return *places_.begin()->second; }

    /// Makes the head of the queue check again.
    void call_first() noexcept {
        if (!places_.empty()) first().call();
    }
    /// Makes every task check again.
    void call_all() noexcept {
        for (const auto& [key, place] : places_) place->call();
    }

  private:
    std::map<std::pair<int, std::uint64_t>, Place*> places_;
    std::uint64_t next_ = 0;
};

}  // namespace plait::policy::internal
