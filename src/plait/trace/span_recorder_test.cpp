#include "plait/trace/span_recorder.hpp"

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

TEST_CASE("a span has what its task did from begin to end and nothing of other tasks") {
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

TEST_CASE("a task can be a span again and that begins where the one before ended") {
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

TEST_CASE("spans that overlap have rows of their own and the lowest free one is taken") {
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

TEST_CASE("what was done elsewhere takes the place of what the task did and the time until then is told") {
    SpanRecorder recorder;
    Loop loop(recorder);
    loop.is(1, Activity::running, 0us);
    recorder.begin(1);
    loop.is(1, Activity::worker, 1us);
    SpanStates states(start + 4us);
    states.extend(Activity::first_byte, start + 10us);
    loop.is(1, Activity::running, 12us);
    recorder.done_elsewhere(1, Activity::worker, 3, states);
    recorder.done_elsewhere(2, Activity::worker, 4, states);  // nobody follows this one
    loop.is(1, Activity::other, 15us);
    const Span span = recorder.end(1, start + 20us);
    CHECK(*span.lane == 3);
    CHECK(span.states.segments() == Segments{{Activity::worker, 4us}, {Activity::first_byte, 6us}});
}
