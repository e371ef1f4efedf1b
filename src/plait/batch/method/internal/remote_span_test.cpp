#include "plait/batch/method/internal/remote_span.hpp"

#include "plait/http/message/response.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint began{10s};

/// "worker 40 ms, connect 20 ms": the activities in their order.
std::string in_words(const trace::SpanStates& states) {
    std::string text;
    for (const trace::Segment& segment : states.segments()) {
        const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(segment.length);
        text += (text.empty() ? "" : ", ") + std::string(to_string(segment.activity)) + " " +
                std::to_string(length.count()) + " ms";
    }
    return text;
}

http::Response answer_with(const http::Timings& timings) {
    http::Response response;
    response.timings = timings;
    return response;
}

}  // namespace

TEST_CASE("the phases that a worker measured end when its result came") {
    http::Timings timings;
    timings.connect = 20ms;
    timings.wait = 30ms;
    timings.receive = 10ms;
    const trace::SpanStates states = internal::states_at_worker(answer_with(timings), began, began + 100ms);
    CHECK(in_words(states) == "worker 40 ms, connect 20 ms, first byte 30 ms, body 10 ms");
    CHECK(states.end() == began + 100ms);
}

TEST_CASE("phases that took longer than the attempt, by a worker's clock, begin with it") {
    http::Timings timings;
    timings.wait = 30ms;
    CHECK(in_words(internal::states_at_worker(answer_with(timings), began, began + 25ms)) == "first byte 30 ms");
}

TEST_CASE("a failure shows only the time at the worker") {
    const Failure failure(ErrorCode::timeout, "too slow", true);
    CHECK(in_words(internal::states_at_worker(failure, began, began + 5ms)) == "worker 5 ms");
}
