#include "plait/trace/strand_recorder.hpp"

#include "plait/base/assert.hpp"

#include <algorithm>
#include <utility>

namespace plait::trace {

void StrandRecorder::begin(TaskId task) {
    Followed followed;
    followed.strand.course = Course(latest_);
    followed.strand.row = take_row();
    const bool is_new = followed_.emplace(task, std::move(followed)).second;
    PLAIT_ASSERT(is_new, "a task is followed once at a time");
}

Strand StrandRecorder::end(TaskId task, TimePoint when) {
    auto node = followed_.extract(task);
    PLAIT_ASSERT(node, "only a task that is followed ends its strand");
    Strand strand = std::move(node.mapped().strand);
    free_rows_.push(strand.row);
    latest_ = std::max(latest_, when);
    if (!strand.lane) strand.course.go_on(Activity::running, when);
    return strand;
}

void StrandRecorder::drop(TaskId task) noexcept {
    const auto found = followed_.find(task);
    if (found == followed_.end()) return;
    free_rows_.push(found->second.strand.row);
    followed_.erase(found);
}

void StrandRecorder::done_elsewhere(TaskId task, Activity until_then, LaneId lane, Course course) {
    const auto found = followed_.find(task);
    if (found == followed_.end()) return;
    Strand& strand = found->second.strand;
    course.precede(until_then, strand.course.begin());
    strand.course = std::move(course);
    strand.lane = lane;
}

void StrandRecorder::record(const TaskEvent& event) noexcept {
    latest_ = std::max(latest_, event.when);
    if (followed_.empty()) return;
    const auto found = followed_.find(event.task);
    if (found == followed_.end() || found->second.strand.lane) return;
    Followed& followed = found->second;
    followed.strand.course.go_on(followed.activity, event.when);
    followed.activity = event.activity;
}

std::uint32_t StrandRecorder::take_row() {
    if (free_rows_.empty()) return ++rows_;
    const std::uint32_t row = free_rows_.top();
    free_rows_.pop();
    return row;
}

}  // namespace plait::trace
