#include "plait/trace/strand_recorder.hpp"

#include "plait/base/assert.hpp"

#include <algorithm>
#include <utility>

namespace plait::trace {

void StrandRecorder::begin(TaskId task) {
    PLAIT_ASSERT(!find(task), "a task is followed once at a time");
    const std::uint32_t row = rows_.add(task);
    if (followed_.size() < row) followed_.resize(row);
    Followed& followed = followed_[row - 1];
    followed.activity = Activity::running;
    if (spare_.empty()) {
        followed.strand.course = Course(latest_);
    } else {
        followed.strand.course = Course(latest_, std::move(spare_.back()));
        spare_.pop_back();
    }
    followed.strand.lane.reset();
    followed.strand.row = row;
}

Strand StrandRecorder::end(TaskId task, TimePoint when) {
    Followed* const followed = find(task);
    PLAIT_ASSERT(followed, "only a task that is followed ends its strand");
    rows_.remove(task);
    Strand strand = std::move(followed->strand);
    latest_ = std::max(latest_, when);
    if (!strand.lane) strand.course.go_on(Activity::running, when);
    return strand;
}

void StrandRecorder::drop(TaskId task) noexcept {
    if (find(task)) rows_.remove(task);
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
    const std::uint32_t row = rows_.find(task);
    return row == 0 ? nullptr : &followed_[row - 1];
}

}  // namespace plait::trace
