#include "plait/batch/output/result_queue.hpp"

#include "plait/async/cancel_scope.hpp"

namespace plait::batch {

ResultQueue::ResultQueue(Sink& sink, std::optional<std::size_t> window) : sink_(sink) {
    if (window) window_.emplace(*window);
}

Task<ResultQueue::Place> ResultQueue::reserve() {
    while (ready_.size() > largest_backlog) {
        room_.reset();
        co_await room_.wait();
    }
    std::optional<Semaphore::Permit> permit;
    if (window_) permit.emplace(co_await window_->acquire());
    co_return Place(places_++, std::move(permit));
}

void ResultQueue::put_in_order(Place place, std::string line) {
    const std::uint64_t index = place.number_ - first_;
    if (early_.size() <= index) early_.resize(index + 1);
    early_[index].emplace(Line{std::move(line), std::move(place.permit_)});
    while (!early_.empty() && early_.front()) {
        ready_ += early_.front()->text;
        early_.pop_front();
        ++first_;
    }
}

void ResultQueue::leave_out(Place place) {
    if (!window_) return;
    put_in_order(std::move(place), "");
    line_added();
}

void ResultQueue::line_added() noexcept {
    if (ready_.empty()) return;
    some_.set();
    if (ready_.size() >= full_batch) due_.set();
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
        std::swap(ready_, writing_);
        const bool read = co_await sink_.write(writing_);
        if (!read) co_return false;
        writing_.clear();
        room_.set();
        if (closed_ && ready_.empty()) co_return true;
    }
}

}  // namespace plait::batch
