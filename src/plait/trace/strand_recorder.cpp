#include "plait/trace/strand_recorder.hpp"

#include "plait/base/assert.hpp"

#include <algorithm>
#include <utility>

namespace plait::trace {

void StrandRecorder::begin(TaskId task) {
    Followed followed;
    followed.strand.course = Course(latest_);
    followed.strand.row = take_row();
    bool is_new = false;
    if (spare_.empty()) {
        is_new = followed_.emplace(task, std::move(followed)).second;
    } else {
        spare_.back().key() = task;
        spare_.back().mapped() = std::move(followed);
        is_new = followed_.insert(std::move(spare_.back())).inserted;
        spare_.pop_back();
    }
    PLAIT_ASSERT(is_new, "a task is followed once at a time");
    forget(task);
}

Strand StrandRecorder::end(TaskId task, TimePoint when) {
    forget(task);
    auto node = followed_.extract(task);
    PLAIT_ASSERT(node, "only a task that is followed ends its strand");
    Strand strand = std::move(node.mapped().strand);
    spare_.push_back(std::move(node));
    free_rows_.push(strand.row);
    latest_ = std::max(latest_, when);
    if (!strand.lane) strand.course.go_on(Activity::running, when);
    return strand;
}

void StrandRecorder::drop(TaskId task) noexcept {
    const auto found = followed_.find(task);
    if (found == followed_.end()) return;
    forget(task);
    free_rows_.push(found->second.strand.row);
    followed_.erase(found);
}

void StrandRecorder::done_elsewhere(TaskId task, Activity until_then, LaneId lane, Course course) {
    Followed* const followed = find(task);
    if (!followed) return;
    Strand& strand = followed->strand;
    course.precede(until_then, strand.course.begin());
    strand.course = std::move(course);
    strand.lane = lane;
}

void StrandRecorder::record(const TaskEvent& event) noexcept {
    latest_ = std::max(latest_, event.when);
    Followed* const followed = find(event.task);
    if (!followed || followed->strand.lane) return;
    followed->strand.course.go_on(followed->activity, event.when);
    followed->activity = event.activity;
}

StrandRecorder::Followed* StrandRecorder::find(TaskId task) noexcept {
    Lookup& known = lookup(task);
    if (known.task != task) {
        const auto found = followed_.find(task);
        known = Lookup{task, found == followed_.end() ? nullptr : &found->second};
    }
    return known.followed;
}

std::uint32_t StrandRecorder::take_row() {
    if (free_rows_.empty()) return ++rows_;
    const std::uint32_t row = free_rows_.top();
    free_rows_.pop();
    return row;
}

}  // namespace plait::trace
