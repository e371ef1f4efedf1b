#include "plait/trace/span_recorder.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace plait;
using namespace plait::trace;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{100h};

using Segments = std::vector<Segment>;

/// Reports changes of tasks as a loop does.
class Loop {
  public:
    explicit Loop(SpanRecorder& recorder) : recorder_(recorder) {}

    void is(TaskId task, Activity activity, Duration when) {
        TaskEvent event;
        event.when = start + when;
        event.task = task;
        event.activity = activity;
        recorder_.record(event);
    }

  private:
    SpanRecorder& recorder_;
};

}  // namespace

TEST_CASE("a span holds what its task did from start to end and nothing of other tasks") {
    SpanRecorder recorder;
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
    const Span span = recorder.end(2, start + 24us);
    CHECK(span.states.begin() == start + 5us);
    CHECK(span.states.segments() == Segments{{Activity::running, 3us},
                                             {Activity::first_byte, 12us},
                                             {Activity::ready, 1us},
                                             {Activity::running, 3us}});
    CHECK_FALSE(span.lane);
}

TEST_CASE("a task can have a second span, which begins where the first ended") {
    SpanRecorder recorder;
    Loop loop(recorder);
    loop.is(1, Activity::running, 0us);
    recorder.begin(1);
    CHECK(recorder.end(1, start + 2us).states.length() == 2us);
    recorder.begin(1);
    const Span second = recorder.end(1, start + 3us);
    CHECK(second.states.begin() == start + 2us);
    CHECK(second.row == 1);
}

TEST_CASE("overlapping spans have different rows, and a new span takes the lowest free one") {
    SpanRecorder recorder;
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

TEST_CASE("work done elsewhere replaces what the task did, after the time until it began") {
    SpanRecorder recorder;
    Loop loop(recorder);
    loop.is(1, Activity::running, 0us);
    recorder.begin(1);
    loop.is(1, Activity::worker, 1us);
    SpanStates states(start + 4us);
    states.extend(Activity::first_byte, start + 10us);
    loop.is(1, Activity::running, 12us);
    recorder.done_elsewhere(1, Activity::worker, 3, states);
    recorder.done_elsewhere(2, Activity::worker, 4, states);  // this one is not followed
    loop.is(1, Activity::other, 15us);
    const Span span = recorder.end(1, start + 20us);
    CHECK(*span.lane == 3);
    CHECK(span.states.segments() == Segments{{Activity::worker, 4us}, {Activity::first_byte, 6us}});
}

TEST_CASE("between two pieces of work done elsewhere is what the task did here") {
    SpanRecorder recorder;
    Loop loop(recorder);
    loop.is(1, Activity::running, 0us);
    recorder.begin(1);
    loop.is(1, Activity::worker, 1us);
    SpanStates first(start + 2us);
    first.extend(Activity::first_byte, start + 10us);
    loop.is(1, Activity::running, 12us);
    recorder.done_elsewhere(1, Activity::worker, 3, first);
    loop.is(1, Activity::back_off, 13us);
    loop.is(1, Activity::worker, 20us);
    SpanStates second(start + 25us);
    second.extend(Activity::first_byte, start + 30us);
    loop.is(1, Activity::running, 31us);
    recorder.done_elsewhere(1, Activity::worker, 4, second);
    loop.is(1, Activity::other, 33us);
    const Span span = recorder.end(1, start + 40us);
    CHECK(*span.lane == 4);
    CHECK(span.states.segments() == Segments{{Activity::worker, 2us},
                                             {Activity::first_byte, 8us},
                                             {Activity::running, 3us},
                                             {Activity::back_off, 7us},
                                             {Activity::worker, 5us},
                                             {Activity::first_byte, 5us}});
}
