#pragma once

#include "plait/async/internal/waiter.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace plait {

/// Passes items between tasks of one loop, in order. Holds at most `capacity` items: `push` waits while it is full,
/// `pop` while it is empty, and waiting tasks are served in the order in which they came.
template <class T>
class Channel {
  public:
    /// `capacity` is at least 1.
    explicit Channel(std::size_t capacity) : capacity_(capacity) {
        PLAIT_ASSERT(capacity > 0, "a channel has room for one item or more");
    }
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel() {
        PLAIT_ASSERT(poppers_.empty() && pushers_.empty(), "a channel was destroyed while tasks wait for it");
    }

    class [[nodiscard("awaited, or it does nothing")]] PushAwaiter : private internal::Waiter {
      public:
        PushAwaiter(Channel& channel, T item) : channel_(&channel), item_(std::move(item)) {}
        /// Movable only until it is awaited: its task's record then points to it.
        PushAwaiter(PushAwaiter&& other)
            : internal::Waiter(), channel_(other.channel_), item_(std::move(other.item_)) {}

        bool await_ready() { return internal::Scheduler::current().take_budget() && push_now(); }
        bool await_suspend(std::coroutine_handle<> resume_point) {
            if (push_now()) {  // done, but the task has used up its budget: the others run first
                internal::Scheduler::current().requeue(resume_point);
                return true;
            }
            if (!begin_wait(resume_point, trace::Wait::room)) return false;
            channel_->pushers_.push_back(internal::Scheduler::current().running());
            return true;
        }
        bool await_resume() const {
            end_wait();
            return accepted_;
        }

      private:
        friend class Channel;
        bool push_now() {
            accepted_ = !channel_->closed_;
            return !accepted_ || channel_->try_push(item_);
        }
        bool give_up(internal::TaskRecord& task) noexcept override {
            task.internal::ListNode<internal::QueueTag>::unlink();
            return true;
        }
        Channel* channel_;
        T item_;
        bool accepted_ = false;
    };

    class [[nodiscard("awaited, or it does nothing")]] PopAwaiter : private internal::Waiter {
      public:
        explicit PopAwaiter(Channel& channel) noexcept : channel_(&channel) {}
        /// Movable only until it is awaited: its task's record then points to it.
        PopAwaiter(PopAwaiter&& other) noexcept : internal::Waiter(), channel_(other.channel_) {}

        bool await_ready() { return internal::Scheduler::current().take_budget() && pop_now(); }
        bool await_suspend(std::coroutine_handle<> resume_point) {
            if (pop_now()) {  // done, but the task has used up its budget: the others run first
                internal::Scheduler::current().requeue(resume_point);
                return true;
            }
            if (!begin_wait(resume_point, trace::Wait::item)) return false;
            channel_->poppers_.push_back(internal::Scheduler::current().running());
            return true;
        }
        std::optional<T> await_resume() {
            end_wait();
            return std::move(item_);
        }

      private:
        friend class Channel;
        bool pop_now() {
            item_ = channel_->try_pop();
            return item_ || channel_->closed_;
        }
        bool give_up(internal::TaskRecord& task) noexcept override {
            task.internal::ListNode<internal::QueueTag>::unlink();
            return true;
        }
        Channel* channel_;
        std::optional<T> item_;
    };

    /// Waits for room and adds `item`. Returns false when the channel is closed; the item is then lost.
    PushAwaiter push(T item) { return PushAwaiter(*this, std::move(item)); }

    /// Waits for the next item and returns it; nothing when the channel is closed and empty.
    PopAwaiter pop() noexcept { return PopAwaiter(*this); }

    /// Adds `item` if there is room. On false `item` is unchanged.
    bool try_push(T& item) {
        if (closed_) return false;
        if (!poppers_.empty()) {
            // Moved first: when that throws, the popper still waits.
            static_cast<PopAwaiter*>(poppers_.front().wait_point)->item_.emplace(std::move(item));
            internal::Scheduler::current().make_ready(poppers_.pop_front());
            return true;
        }
        if (items_.size() >= capacity_) return false;
        items_.push_back(std::move(item));
        return true;
    }

    std::optional<T> try_pop() {
        if (items_.empty()) return std::nullopt;
        if (!pushers_.empty()) {
            // Moved first: when that throws, the pusher still waits and nothing has left the channel.
            items_.push_back(std::move(static_cast<PushAwaiter*>(pushers_.front().wait_point)->item_));
            internal::Scheduler::current().make_ready(pushers_.pop_front());
        }
        std::optional<T> item(std::move(items_.front()));
        items_.pop_front();
        return item;
    }

    /// Closes the channel: `pop` returns the items that are left and then nothing; `push` returns false, also to tasks
    /// that wait in it.
    void close() noexcept {
        closed_ = true;
        auto& scheduler = internal::Scheduler::current();
        while (!poppers_.empty()) scheduler.make_ready(poppers_.pop_front());
        while (!pushers_.empty()) {
            internal::TaskRecord& pusher = pushers_.pop_front();
            static_cast<PushAwaiter*>(pusher.wait_point)->accepted_ = false;
            scheduler.make_ready(pusher);
        }
    }

    std::size_t size() const noexcept { return items_.size(); }
    bool is_closed() const noexcept { return closed_; }

  private:
    const std::size_t capacity_;
    std::deque<T> items_;
    internal::TaskQueue poppers_;
    internal::TaskQueue pushers_;
    bool closed_ = false;
};

}  // namespace plait
