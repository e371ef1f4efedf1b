#include "plait/trace/trace_file.hpp"

#include "plait/base/assert.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::trace;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{100h};

/// A file in memory, and what is in it.
class Memory {
  public:
    Memory() : file_(::memfd_create("plait-test", MFD_CLOEXEC)) {}

    UniqueFd writer() const { return UniqueFd(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0)); }

    std::string text() const {
        std::string text(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)), ' ');
        const ssize_t read = ::pread(file_.get(), text.data(), text.size(), 0);
        PLAIT_ASSERT(read == static_cast<ssize_t>(text.size()), "a file in memory can be read");
        return text;
    }

    std::size_t count(std::string_view part) const {
        const std::string all = text();
        std::size_t found = 0;
        for (auto at = all.find(part); at != std::string::npos; at = all.find(part, at + 1)) ++found;
        return found;
    }

  private:
    UniqueFd file_;
};

TraceHead head(LaneKind lanes) {
    TraceHead head;
    head.command = "run";
    head.method = "some";
    head.workers = 2;
    head.concurrency = 3;
    head.started = "2026-11-23T23:20:00Z";
    head.lanes = lanes;
    return head;
}

TraceFile::OnTrouble no_trouble() {
    return [](const std::string& message) { FAIL(message); };
}

Span running(LaneId lane, Duration from, Duration to) {
    Span span;
    span.lane = lane;
    span.states = SpanStates(start + from);
    span.states.extend(Activity::running, start + to);
    return span;
}

SpanLabel label(std::string_view name) {
    SpanLabel label;
    label.name = name;
    return label;
}

TaskEvent event(TaskId task, TaskState state, Duration when, std::uint32_t ready, std::uint32_t waiting) {
    TaskEvent event;
    event.when = start + when;
    event.task = task;
    event.state = state;
    event.activity = state == TaskState::running ? Activity::running : Activity::other;
    event.ready = ready;
    event.waiting = waiting;
    return event;
}

constexpr std::string_view head_text = R"([
{"ph":"M","name":"plait_trace","pid":1,"args":{"version":1,"command":"run","method":"some","workers":2,"concurrency":3,"started":"2026-11-23T23:20:00Z"}},
{"ph":"M","name":"process_name","pid":1,"args":{"name":"plait run, some"}},
)";

}  // namespace

TEST_CASE("a trace of threads has a lane for each, and calls with all that is known") {
    const Memory memory;
    {
        TraceFile trace(memory.writer(), "memory", head(LaneKind::thread), start, no_trouble());
        CHECK(memory.text() == head_text);
        const LaneId first = trace.lane(LaneKind::thread, 1);
        Span span = running(first, 1us, 2050ns);
        span.states.extend(Activity::first_byte, start + 12us);
        span.states.extend(Activity::running, start + 12'060ns);
        SpanLabel what = label("a\"</script>");
        what.line = 7;
        what.result = "200";
        trace.add(what, std::move(span));
        what.result = "timeout";
        what.ok = false;
        what.attempt = 2;
        trace.add(what, running(trace.lane(LaneKind::thread, 2), 5us, 6us));
        CHECK(trace.lane(LaneKind::thread, 1) == first);
        const std::array<std::pair<std::string_view, std::uint64_t>, 2> outcomes{{{"ok", 1}, {"failed", 1}}};
        const std::array<std::string, 1> limits{"http://a: 256 in flight: \"no sign of a limit\""};
        trace.close(start + 13us, outcomes, limits);
        trace.add(what, running(first, 20us, 21us));
    }
    CHECK(memory.text() == std::string(head_text) +
                               R"({"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"thread 1"}},
{"ph":"M","name":"plait_lane","pid":1,"tid":1,"args":{"kind":"thread"}},
{"ph":"X","cat":"call","name":"a\"\u003c/script>","pid":1,"tid":1,"ts":1.0,"dur":11.0,"args":{"line":7,"result":"200","ok":true,"states":"R10f100"}},
{"ph":"X","cat":"phase","name":"running","pid":1,"tid":1,"ts":1.0,"dur":1.0},
{"ph":"X","cat":"phase","name":"first byte","pid":1,"tid":1,"ts":2.0,"dur":10.0},
{"ph":"M","name":"thread_name","pid":1,"tid":2,"args":{"name":"thread 2"}},
{"ph":"M","name":"plait_lane","pid":1,"tid":2,"args":{"kind":"thread"}},
{"ph":"X","cat":"call","name":"a\"\u003c/script>","pid":1,"tid":2,"ts":5.0,"dur":1.0,"args":{"line":7,"result":"timeout","ok":false,"attempt":2,"states":"R10"}},
{"ph":"X","cat":"phase","name":"running","pid":1,"tid":2,"ts":5.0,"dur":1.0},
{"ph":"M","name":"plait_end","pid":1,"args":{"calls":2,"seconds":0.000013,"outcomes":{"ok":1,"failed":1},"limits":["http://a: 256 in flight: \"no sign of a limit\""]}}
]
)");
}

TEST_CASE("calls of a loop have rows, and the loop's runs and lists are recorded") {
    const Memory memory;
    {
        TraceFile trace(memory.writer(), "memory", head(LaneKind::loop), start, no_trouble());
        SpanRecorder& loop = trace.recorder();
        loop.record(event(1, TaskState::running, 10us, 1, 0));  // the lists were empty until now
        loop.begin(1);
        loop.record(event(1, TaskState::waiting, 12us, 1, 1));
        loop.record(event(2, TaskState::running, 12us, 0, 1));
        loop.begin(2);
        loop.record(event(2, TaskState::waiting, 15us, 0, 2));
        loop.record(event(1, TaskState::ready, 190us, 1, 1));  // at 100 us both waited
        loop.record(event(1, TaskState::running, 190us, 0, 1));
        trace.add(label("a"), loop.end(1, start + 195us));
        loop.begin(1);
        loop.record(event(1, TaskState::waiting, 200us, 0, 2));  // a sample is due
        loop.record(event(2, TaskState::ready, 205us, 1, 1));
        loop.record(event(2, TaskState::running, 205us, 0, 1));
        trace.add(label("b"), loop.end(2, start + 209us));
        loop.record(event(2, TaskState::done, 210us, 0, 1));
        trace.close(start + 211us);
    }
    CHECK(memory.text() == std::string(head_text) +
                               R"({"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"loop"}},
{"ph":"M","name":"plait_lane","pid":1,"tid":1,"args":{"kind":"loop"}},
{"ph":"C","cat":"loop","name":"loop tasks","pid":1,"tid":1,"ts":0.0,"args":{"ready":0,"waiting":0}},
{"ph":"C","cat":"loop","name":"loop tasks","pid":1,"tid":1,"ts":100.0,"args":{"ready":0,"waiting":2}},
{"ph":"M","name":"thread_name","pid":1,"tid":1000001,"args":{"name":"loop, call 1"}},
{"ph":"X","cat":"call","name":"a","pid":1,"tid":1000001,"ts":10.0,"dur":185.0,"args":{"line":0,"result":"","ok":true,"states":"R20o1780R50"}},
{"ph":"X","cat":"phase","name":"running","pid":1,"tid":1000001,"ts":10.0,"dur":2.0},
{"ph":"X","cat":"phase","name":"other","pid":1,"tid":1000001,"ts":12.0,"dur":178.0},
{"ph":"X","cat":"phase","name":"running","pid":1,"tid":1000001,"ts":190.0,"dur":5.0},
{"ph":"C","cat":"loop","name":"loop tasks","pid":1,"tid":1,"ts":200.0,"args":{"ready":0,"waiting":1}},
{"ph":"X","cat":"loop","name":"running","pid":1,"tid":1,"ts":10.0,"dur":5.0},
{"ph":"M","name":"thread_name","pid":1,"tid":1000002,"args":{"name":"loop, call 2"}},
{"ph":"X","cat":"call","name":"b","pid":1,"tid":1000002,"ts":12.0,"dur":197.0,"args":{"line":0,"result":"","ok":true,"states":"R30o1900R40"}},
{"ph":"X","cat":"phase","name":"running","pid":1,"tid":1000002,"ts":12.0,"dur":3.0},
{"ph":"X","cat":"phase","name":"other","pid":1,"tid":1000002,"ts":15.0,"dur":190.0},
{"ph":"X","cat":"phase","name":"running","pid":1,"tid":1000002,"ts":205.0,"dur":4.0},
{"ph":"X","cat":"loop","name":"running","pid":1,"tid":1,"ts":190.0,"dur":20.0},
{"ph":"M","name":"plait_end","pid":1,"args":{"calls":2,"seconds":0.000211}}
]
)");
}

TEST_CASE("spans of a process do not overlap, and a span without a lane gets one of its own") {
    const Memory memory;
    TraceFile trace(memory.writer(), "memory", head(LaneKind::process), start, no_trouble());
    const LaneId lane = trace.lane(LaneKind::process, 4711);
    trace.add(label("a"), running(lane, 0us, 10us));
    trace.add(label("b"), running(lane, 8us, 30us));
    Span lost;
    lost.row = 2;
    lost.states = SpanStates(start);
    lost.states.extend(Activity::worker, start + 40us);
    trace.add(label("lost"), std::move(lost));
    trace.recorder().record(event(1, TaskState::running, 50us, 1, 1));
    trace.recorder().record(event(1, TaskState::done, 500us, 1, 1));
    trace.close(start + 1ms);
    CHECK(memory.count(R"("name":"process 4711")") == 1);
    CHECK(memory.count(R"("name":"b","pid":1,"tid":1,"ts":10.0,"dur":20.0)") == 1);
    CHECK(memory.count(R"("name":"loop","pid":1)") == 0);
    CHECK(memory.count(R"("name":"lost","pid":1,"tid":2000002,"ts":0.0,"dur":40.0)") == 1);
    CHECK(memory.count(R"("cat":"loop")") == 0);
}

TEST_CASE("spans of a worker on another machine overlap, each in the lowest free row") {
    const Memory memory;
    {
        TraceFile trace(memory.writer(), "memory", head(LaneKind::worker), start, no_trouble());
        const LaneId worker = trace.lane(LaneKind::worker, 1);
        trace.add(label("a"), running(worker, 0us, 10us));
        trace.add(label("b"), running(worker, 5us, 12us));
        trace.add(label("c"), running(worker, 10us, 15us));
        trace.close(start + 20us);
    }
    CHECK(memory.count(R"("name":"a","pid":1,"tid":1000001,"ts":0.0,"dur":10.0)") == 1);
    CHECK(memory.count(R"("name":"b","pid":1,"tid":1000002,"ts":5.0,"dur":7.0)") == 1);
    CHECK(memory.count(R"("name":"c","pid":1,"tid":1000001,"ts":10.0,"dur":5.0)") == 1);
    CHECK(memory.count("worker 1, call 2") == 1);
}

TEST_CASE("records are in the file a second later, in whole lines") {
    const Memory memory;
    TraceFile trace(memory.writer(), "memory", head(LaneKind::thread), start, no_trouble());
    trace.add(label("a"), running(trace.lane(LaneKind::thread, 1), 0us, 10us));
    CHECK(memory.text() == head_text);
    trace.keep_written(start + 999ms);
    CHECK(memory.text() == head_text);
    trace.keep_written(start + 1s);
    CHECK(memory.count(R"("name":"a")") == 1);
    CHECK(memory.text().ends_with("},\n"));
    trace.add(label("b"), running(1, 1s, 2s));
    trace.recorder().record(event(1, TaskState::running, 2s, 0, 0));
    CHECK(memory.count(R"("name":"b")") == 1);
}

TEST_CASE("a long trace is thinned and stays in its bounds") {
    constexpr int calls = 500'000;
    const Memory memory;
    TraceFile trace(memory.writer(), "memory", head(LaneKind::thread), start, no_trouble());
    const LaneId lane = trace.lane(LaneKind::thread, 1);
    for (int i = 1; i <= calls; ++i) {
        trace.add(label(fmt::format("line-{}", i)), running(lane, i * 25us, i * 25us + 500ns));
    }
    trace.close(start + 13s);
    const std::string text = memory.text();
    std::uint64_t stands_for = 0, recorded = 0, one_in = 1;
    std::vector<std::uint64_t> recorded_before;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string_view line(text.data() + at, end - at);
        if (line.find(R"("cat":"call")") != line.npos) {
            stands_for += one_in;
            ++recorded;
        } else if (line.find("thinned") != line.npos) {
            recorded_before.push_back(recorded);
            one_in *= 2;
            CHECK(line.find(fmt::format(R"("one_in":{}}})", one_in)) != line.npos);
        }
        at = end + 1;
    }
    CHECK(recorded_before == std::vector<std::uint64_t>{100'000, 150'000, 200'000});
    CHECK(stands_for <= calls);
    CHECK(stands_for > calls - 16);
    CHECK(memory.count(R"("cat":"phase")") == 0);  // each was shorter than a microsecond
    CHECK(memory.count(R"("calls":500000,)") == 1);
}

TEST_CASE("spans that come too fast are thinned until the rate drops") {
    const Memory memory;
    TraceFile trace(memory.writer(), "memory", head(LaneKind::thread), start, no_trouble());
    const LaneId lane = trace.lane(LaneKind::thread, 1);
    const auto add = [&](int count, Duration from, Duration apart) {
        for (int i = 0; i < count; ++i)
            trace.add(label("a"), running(lane, from + i * apart, from + i * apart + 100ns));
    };
    add(80'000, 0s, 12500ns);  // 80,000 a second
    trace.keep_written(start + 1s);
    const std::size_t dense = memory.count(R"("cat":"call")");
    CHECK(dense > 20'000);
    CHECK(dense < 25'000);
    CHECK(memory.count(R"("one_in":4)") == 1);
    add(10'000, 1s, 100us);  // 10,000 a second
    trace.keep_written(start + 2s);
    CHECK(memory.count(R"("one_in":1})") == 1);
    CHECK(memory.count(R"("cat":"call")") - dense > 9'000);
    trace.close(start + 2s);
    CHECK(memory.count(R"("calls":90000,)") == 1);
}

TEST_CASE("records of the loop become coarser, so that a long run has few of them") {
    const Memory memory;
    TraceFile trace(memory.writer(), "memory", head(LaneKind::loop), start, no_trouble());
    for (int i = 0; i < 200'000; ++i) {
        trace.recorder().record(event(1, TaskState::running, i * 100us, 0, 1));
        trace.recorder().record(event(1, TaskState::waiting, i * 100us + 20us, 0, 2));
    }
    trace.close(start + 20s);
    const std::size_t runs = memory.count(R"("name":"running")");
    const std::size_t looks = memory.count(R"("ph":"C")");
    CHECK(runs > 2'000);
    CHECK(runs < 20'000);
    CHECK(looks > 2'000);
    CHECK(looks < 20'000);
}

TEST_CASE("a call names the connections of its attempts, by the numbers of their origins") {
    const Memory memory;
    {
        TraceFile trace(memory.writer(), "memory", head(LaneKind::thread), start, no_trouble());
        const LaneId thread = trace.lane(LaneKind::thread);
        const std::vector<SpanConnection> first{{"http://a", 3}, {"https://b", 1}};
        SpanLabel what = label("row-1");
        what.connections = first;
        trace.add(what, running(thread, 0us, 5us));
        const std::vector<SpanConnection> many(20, SpanConnection{"http://a", 4});
        what = label("row-2");
        what.connections = many;
        trace.add(what, running(thread, 5us, 9us));
        trace.close(start + 9us);
    }
    CHECK(memory.count(R"("name":"plait_origin")") == 2);
    CHECK(memory.count(R"("args":{"number":2,"origin":"https://b"})") == 1);
    CHECK(memory.count(R"("connections":"1:3 2:1")") == 1);
    CHECK(memory.count("1:4") == 16);
}

TEST_CASE("a trace of 100,000 calls of a loop with a hundred in flight is smaller than 20 MiB") {
    constexpr int calls = 100'000;
    constexpr int in_flight = 100;
    constexpr Duration turn = 30us;
    const Memory memory;
    TraceFile trace(memory.writer(), "memory", head(LaneKind::loop), start, no_trouble());
    SpanRecorder& loop = trace.recorder();
    const auto record = [&loop](TaskId task, TaskState state, Activity activity, Duration when) {
        TaskEvent change = event(task, state, when, 3, in_flight);
        change.activity = activity;
        loop.record(change);
    };
    for (int i = 0; i < calls + in_flight; ++i) {
        const Duration when = i * turn;
        if (i >= in_flight) {
            const auto task = static_cast<TaskId>(i - in_flight + 1);
            record(task, TaskState::ready, Activity::ready, when);
            record(task, TaskState::running, Activity::running, when + 7us);
            const std::string name = fmt::format("line-{}", task);
            SpanLabel what = label(name);
            what.line = task;
            what.result = "200";
            const SpanConnection connection{"https://api.example", task % 100U};
            what.connections = std::span(&connection, 1);
            trace.add(what, loop.end(task, start + when + 12us));
            record(task, TaskState::done, Activity::other, when + 13us);
        }
        if (i < calls) {
            const auto task = static_cast<TaskId>(i + 1);
            record(task, TaskState::running, Activity::running, when + 13us);
            loop.begin(task);
            record(task, TaskState::waiting, Activity::first_byte, when + 19us);
        }
    }
    trace.close(start + 4s);
    CHECK(memory.count(R"("cat":"call")") == calls);
    CHECK(memory.text().size() < 20 * 1024 * 1024);
}

TEST_CASE("a file that can't be written ends the trace and is reported once") {
    std::vector<std::string> troubles;
    {
        TraceFile trace(UniqueFd(::open("/dev/full", O_WRONLY | O_CLOEXEC)), "t.json", head(LaneKind::thread), start,
                        [&](const std::string& message) { troubles.push_back(message); });
        const LaneId lane = trace.lane(LaneKind::thread, 1);
        for (int i = 0; i < 10'000; ++i) trace.add(label("a"), running(lane, i * 1us, i * 1us + 500ns));
        trace.keep_written(start + 5s);
        trace.close(start + 6s);
    }
    CHECK(troubles == std::vector<std::string>{"write t.json: No space left on device"});
}
