#include "plait/batch/status/summary.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

CallEnd answer(int status, std::size_t bytes, std::uint64_t sent_bytes = 0) {
    CallEnd end(status == 200 ? Outcome::ok : Outcome::rejected);
    end.attempts.emplace_back();
    end.sent_bytes = sent_bytes;
    end.response.emplace().status = status;
    end.response->body = std::string(bytes, 'x');
    return end;
}

Tally some_calls() {
    Tally tally;
    tally.call_ended(answer(200, 1500, 10), 90ms);
    tally.call_ended(answer(404, 20), 2s);
    tally.call_ended(CallEnd(Outcome::unknown, CallError(ErrorCode::reset, "", false, true)), 1s);
    tally.line_refused();
    return tally;
}

}  // namespace

TEST_CASE("a tally counts results by outcome") {
    const Tally tally = some_calls();
    CHECK(tally.done() == 4);
    CHECK(tally.not_ok() == 3);
}

TEST_CASE("results of earlier runs do not count as calls of this one") {
    Tally tally = some_calls();
    tally.done_before(Outcome::ok, 10);
    tally.done_before(Outcome::failed, 2);
    CHECK(tally.done() == 4);
    CHECK(tally.done_in_all() == 16);
    CHECK(tally.not_ok() == 5);
    CHECK(summary_text(tally, {}, 2s)
              .starts_with("4 calls in 2.00 s, 12 earlier: 11 ok, 1 rejected, 3 failed, 1 unknown\n"));
}

TEST_CASE("a summary has retries, refusals, hedges and skipped calls if there are any") {
    Tally tally;
    tally.call_ended(CallEnd(Outcome::skipped, CallError(ErrorCode::budget, "")), 0ns);
    CallerCounts counts;
    counts.retries = 5;
    counts.refusals = 3;
    counts.copies = 2;
    counts.copies_won = 1;
    const std::string text = summary_text(tally, counts, 1s);
    CHECK(text.find("0 unknown, 1 skipped\n") != std::string::npos);
    CHECK(text.find("  retries  5, 3 after a refusal\n  hedged   2, 1 won\n") != std::string::npos);
    CHECK(summary_json(tally, counts, 1s).find(R"("retries":5,"refusals":3,"hedged":2,"hedges_won":1)") !=
          std::string::npos);
}

TEST_CASE("a summary lists names that were not permitted") {
    InputNotes notes;
    notes.names_left(1, {"env.A\"", "env.B"});
    CHECK(summary_text({}, {}, 1s, notes)
              .find("  names    1 call sent {{env.A\"}}, {{env.B}} as it stands: not permitted by --secret\n") !=
          std::string::npos);
    notes.names_left(2, {"env.B", "env.C", "env.D"});
    CHECK(summary_text({}, {}, 1s, notes)
              .find("  names    2 calls sent {{env.A\"}}, {{env.B}}, {{env.C}}, ... as it stands: not") !=
          std::string::npos);
    CHECK(summary_json({}, {}, 1s, notes)
              .find(R"("names_not_permitted":{"calls":2,"names":{"env.A\"":1,"env.B":2,"env.C":1,"env.D":1}})") !=
          std::string::npos);
}

TEST_CASE("a summary as text has outcomes, codes, errors, bytes, rate and latencies") {
    CHECK(summary_text(some_calls(), {}, 2s) ==
          "4 calls in 2.00 s: 1 ok, 1 rejected, 1 failed, 1 unknown\n"
          "  status   200 1, 404 1\n"
          "  errors   bad_input 1, reset 1\n"
          "  bytes    10 bytes sent, 1.5 kB received\n"
          "  rate     2.0 calls/s\n"
          "  latency  p50 90.1 ms, p90 2.00 s, p99 2.00 s, max 2.00 s\n");
}

TEST_CASE("a summary without any answer has no latency") {
    Tally tally;
    tally.line_refused();
    CHECK(summary_text(tally, {}, 0ns) ==
          "1 call in 0.00 ms: 0 ok, 0 rejected, 1 failed, 0 unknown\n"
          "  errors   bad_input 1\n"
          "  bytes    0 bytes sent, 0 bytes received\n"
          "  rate     0.0 calls/s\n");
}

TEST_CASE("a summary has the first refused line, and warnings") {
    Tally tally;
    tally.line_refused();
    RunRemarks remarks;
    remarks.first_bad_line = "line 1: no \"url\"";
    remarks.warnings = {"no call has stated a cost in usd"};
    const std::string text = summary_text(tally, {}, 0ns, InputNotes(), remarks);
    CHECK(text.find("  errors   bad_input 1\n  such as  line 1: no \"url\"\n") != std::string::npos);
    CHECK(text.ends_with("  warning  no call has stated a cost in usd\n"));
    CHECK(summary_json(tally, {}, 0ns, InputNotes(), remarks)
              .find(R"("warnings":["no call has stated a cost in usd"])") != std::string::npos);
}

TEST_CASE("a summary as JSON has the same") {
    CHECK(summary_json(some_calls(), {}, 2s) ==
          R"({"calls":4,"calls_before":0,"outcomes":{"ok":1,"rejected":1,"failed":1,"unknown":1,"skipped":0},)"
          R"("status_codes":{"200":1,"404":1},)"
          R"("errors":{"bad_input":1,"reset":1},"sent_bytes":10,"received_bytes":1520,)"
          R"("retries":0,"refusals":0,"hedged":0,"hedges_won":0,"redirects":0,"follow_ups":0,)"
          R"("names_not_permitted":{"calls":0,"names":{}},"urls_joined_once":0,"warnings":[],"seconds":2.000,)"
          R"("calls_per_second":2.0,"latency_ms":{"p50":90.111,"p90":2000.000,"p99":2000.000,"max":2000.000}})"
          "\n");
}
