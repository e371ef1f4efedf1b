#include "plait/batch/summary.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

Attempt answer(int status, std::size_t bytes) {
    http::Response response;
    response.status = status;
    response.body = std::string(bytes, 'x');
    return response;
}

Tally some_calls() {
    Tally tally;
    for (int i = 0; i < 3; ++i) tally.call_started();
    tally.call_ended(answer(200, 1500), Outcome::ok, 90ms, 10);
    tally.call_ended(answer(404, 20), Outcome::rejected, 2s, 0);
    tally.call_ended(Failure(ErrorCode::reset, "", true), Outcome::unknown, 1s, 0);
    tally.line_refused();
    return tally;
}

}  // namespace

TEST_CASE("a tally counts results by what came of them") {
    Tally tally = some_calls();
    CHECK(tally.done() == 4);
    CHECK(tally.in_flight() == 0);
    CHECK(tally.not_ok() == 3);
    tally.call_started();
    CHECK(tally.in_flight() == 1);
    CHECK(tally.done() == 4);
}

TEST_CASE("a summary for people says outcomes, codes, errors, bytes, pace and latencies") {
    CHECK(summary_text(some_calls(), 2s) ==
          "4 calls in 2.00 s: 1 ok, 1 rejected, 1 failed, 1 unknown\n"
          "  status   200 1, 404 1\n"
          "  errors   bad_input 1, reset 1\n"
          "  bytes    10 bytes sent, 1.5 kB received\n"
          "  rate     2.0 calls/s\n"
          "  latency  p50 90.1 ms, p90 2.00 s, p99 2.00 s, max 2.00 s\n");
}

TEST_CASE("a summary without any answer names no latency") {
    Tally tally;
    tally.line_refused();
    CHECK(summary_text(tally, 0ns) ==
          "1 call in 0.00 ms: 0 ok, 0 rejected, 1 failed, 0 unknown\n"
          "  errors   bad_input 1\n"
          "  bytes    0 bytes sent, 0 bytes received\n"
          "  rate     0.0 calls/s\n");
}

TEST_CASE("a summary for programs says the same") {
    CHECK(summary_json(some_calls(), 2s) ==
          R"({"calls":4,"outcomes":{"ok":1,"rejected":1,"failed":1,"unknown":1},"status_codes":{"200":1,"404":1},)"
          R"("errors":{"bad_input":1,"reset":1},"sent_bytes":10,"received_bytes":1520,"seconds":2.000,)"
          R"("calls_per_second":2.0,"latency_ms":{"p50":90.111,"p90":2000,"p99":2000,"max":2000}})"
          "\n");
}
