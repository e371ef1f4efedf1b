#include "plait/trace/strand_recorder.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace plait;
using namespace plait::trace;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{100h};

using Segments = std::vector<Segment>;

/// What a loop tells of its tasks.
class Loop {
  public:
    explicit Loop(StrandRecorder& recorder) : recorder_(recorder) {}

    void is(TaskId task, Activity activity, Duration when) {
        TaskEvent event;
        event.when = start + when;
        event.task = task;
        event.activity = activity;
        recorder_.record(event);
    }

  private:
    StrandRecorder& recorder_;
};

}  // namespace

TEST_CASE("a strand has what its task did from begin to end and nothing of other tasks") {
    StrandRecorder recorder;
    Loop loop(recorder);
    loop.is(1, Activity::running, 0us);
    loop.is(1, Activity::other, 5us);
    loop.is(2, Activity::running, 5us);
    recorder.begin(2);
    loop.is(2, Activity::first_byte, 8us);
    loop.is(1, Activity::running, 9us);
    loop.is(2, Activity::ready, 20us);
    loop.is(1, Activity::other, 21us);
    loop.is(2, Activity::running, 21us);
    const Strand strand = recorder.end(2, start + 24us);
    CHECK(strand.course.begin() == start + 5us);
    CHECK(strand.course.segments() == Segments{{Activity::running, 3us},
                                               {Activity::first_byte, 12us},
                                               {Activity::ready, 1us},
                                               {Activity::running, 3us}});
    CHECK_FALSE(strand.lane);
}

TEST_CASE("a task can be a strand again and that begins where the one before ended") {
    StrandRecorder recorder;
    Loop loop(recorder);
    loop.is(1, Activity::running, 0us);
    recorder.begin(1);
    CHECK(recorder.end(1, start + 2us).course.length() == 2us);
    recorder.begin(1);
    const Strand second = recorder.end(1, start + 3us);
    CHECK(second.course.begin() == start + 2us);
    CHECK(second.row == 1);
}

TEST_CASE("strands that overlap have rows of their own and the lowest free one is taken") {
    StrandRecorder recorder;
    for (TaskId task = 1; task <= 4; ++task) recorder.begin(task);
    CHECK(recorder.end(3, start).row == 3);
    recorder.drop(2);
    recorder.drop(2);
    recorder.begin(5);
    recorder.begin(6);
    recorder.begin(7);
    CHECK(recorder.end(5, start).row == 2);
    CHECK(recorder.end(6, start).row == 3);
    CHECK(recorder.end(7, start).row == 5);
    CHECK(recorder.end(4, start).row == 4);
    CHECK(recorder.end(1, start).row == 1);
}

TEST_CASE("what was done elsewhere takes the place of what the task did and the time until then is told") {
    StrandRecorder recorder;
    Loop loop(recorder);
    loop.is(1, Activity::running, 0us);
    recorder.begin(1);
    loop.is(1, Activity::worker, 1us);
    Course course(start + 4us);
    course.go_on(Activity::first_byte, start + 10us);
    loop.is(1, Activity::running, 12us);
    recorder.done_elsewhere(1, Activity::worker, 3, course);
    recorder.done_elsewhere(2, Activity::worker, 4, course);  // nobody follows this one
    loop.is(1, Activity::other, 15us);
    const Strand strand = recorder.end(1, start + 20us);
    CHECK(*strand.lane == 3);
    CHECK(strand.course.segments() == Segments{{Activity::worker, 4us}, {Activity::first_byte, 6us}});
}
