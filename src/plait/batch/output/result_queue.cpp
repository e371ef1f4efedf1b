#include "plait/batch/output/result_queue.hpp"

#include "plait/async/cancel_scope.hpp"

#include <utility>

namespace plait::batch {

ResultQueue::ResultQueue(Sink* sink, ResultValues* values, std::optional<std::size_t> window, Out on_out)
    : sink_(sink), values_(values), on_out_(std::move(on_out)) {
    if (window) window_.emplace(*window);
}

ValueTask<OutputSlot> ResultQueue::reserve() {
    const bool has_room = ready_.size() <= largest_backlog && !values_ && !window_;
    if (has_room) return OutputSlot(next_slot_++, std::nullopt);
    return wait_for_slot();
}

Task<OutputSlot> ResultQueue::wait_for_slot() {
    while (ready_.size() > largest_backlog) {
        room_.reset();
        co_await room_.wait();
    }
    if (values_) co_await values_->wait_for_room();
    std::optional<Semaphore::Permit> permit;
    if (window_) permit.emplace(co_await window_->acquire());
    co_return OutputSlot(next_slot_++, std::move(permit));
}

void ResultQueue::put_in_order(OutputSlot slot, Line line) {
    const std::uint64_t index = slot.number_ - first_;
    if (early_.size() <= index) early_.resize(index + 1);
    line.permit = std::move(slot.permit_);
    early_[index].emplace(std::move(line));
    while (!early_.empty() && early_.front()) {
        Line& next = *early_.front();
        ready_ += next.text;
        if (next.value) ready_values_.push_back(std::move(next.value));
        if (on_out_ && next.of_call) ready_calls_.push_back(*next.of_call);
        early_.pop_front();
        ++first_;
    }
}

void ResultQueue::leave_out(OutputSlot slot) {
    if (!window_) return;
    put_in_order(std::move(slot), Line());
    line_added();
}

void ResultQueue::line_added() noexcept {
    if (is_empty()) return;
    some_.set();
    // Without a sink, values are handed out at once: only writes are cheaper in batches.
    if (ready_.size() >= full_batch || !sink_) due_.set();
}

void ResultQueue::close() noexcept {
    closed_ = true;
    some_.set();
    due_.set();
}

Task<bool> ResultQueue::write_all() {
    for (;;) {
        co_await some_.wait();
        co_await within(longest_wait, due_.wait());
        if (!closed_) {
            some_.reset();
            due_.reset();
        }
        const bool is_read = co_await write_ready();
        if (!is_read) co_return false;
        room_.set();
        if (closed_ && is_empty()) co_return true;
    }
}

Task<bool> ResultQueue::write_ready() {
    std::swap(ready_, writing_);
    std::swap(ready_values_, writing_values_);
    std::swap(ready_calls_, writing_calls_);
    if (sink_) {
        const bool is_read = co_await sink_->write(writing_);
        if (!is_read) co_return false;
    }
    writing_.clear();
    for (std::unique_ptr<CallResult>& value : writing_values_) values_->put(std::move(value));
    writing_values_.clear();
    for (const std::uint64_t line : writing_calls_) on_out_(line);
    writing_calls_.clear();
    co_return true;
}

}  // namespace plait::batch
