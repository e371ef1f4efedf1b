#include "plait/batch/status/run_report_text.hpp"

#include "plait/batch/status/group_words.hpp"
#include "plait/batch/status/time_left.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

const WallTime two_o_clock = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 25)) + 14h;

ReportedWait wait_for(std::string_view limit, std::string_view learnt_from, WallTime until) {
    ReportedWait wait;
    wait.limit = limit;
    wait.learnt_from = learnt_from;
    wait.until = until;
    return wait;
}

GroupReport waiting_group(std::string_view limit, std::string_view learnt_from, WallTime until) {
    GroupReport group("https://api.example");
    group.waiting = 5;
    group.waits_for = wait_for(limit, learnt_from, until);
    return group;
}

RunReport with_groups(std::vector<GroupReport> groups) {
    RunReport report;
    report.began = two_o_clock - 10min;
    report.last_heard = two_o_clock;
    report.pid = 4711;
    report.take_groups(std::move(groups));
    return report;
}

std::string why(const RunReport& report) { return why_waiting(report, two_o_clock, utc_calendar); }

std::string text_of(const RunReport& report, Liveness liveness) {
    return report_text(report, "out.jsonl", liveness, two_o_clock, utc_calendar);
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a time is a time of day, with the date if it is another day") {
    CHECK(time_in_words(two_o_clock + 187s, two_o_clock, utc_calendar) == "14:03:07");
    CHECK(time_in_words(two_o_clock + 24h, two_o_clock, utc_calendar) == "2026-11-26 14:00:00");
}

TEST_CASE("why a run waits is a phrase with the limit, its source and its end") {
    CHECK(why(with_groups({waiting_group("requests=500/m", "x-ratelimit-limit", two_o_clock + 187s)})) ==
          "waits for requests=500/m (x-ratelimit-limit) until 14:03:07");
    CHECK(why(with_groups({waiting_group("tokens: 0 of 90k left", "ratelimit", two_o_clock + 10s)})) ==
          "waits for tokens: 0 of 90k left (ratelimit) until 14:00:10");
    CHECK(why(with_groups({waiting_group("asked to wait", "retry-after", two_o_clock + 60s)})) ==
          "asked to wait (retry-after) until 14:01:00");
    CHECK(why(with_groups({waiting_group("", "", two_o_clock + 60s)})) == "waits until 14:01:00");
}

TEST_CASE("a wait of less than a second has no end in the text") {
    CHECK(why(with_groups({waiting_group("requests=500/m", "", two_o_clock + 120ms)})) == "waits for requests=500/m");
}

TEST_CASE("why a run waits is empty if nothing waits") {
    CHECK(why(RunReport()).empty());
    CHECK(why(with_groups({GroupReport("https://api.example")})).empty());
    GroupReport was_parked("https://api.example");
    was_parked.parked = wait_for("requests", "retry-after", two_o_clock - 1s);
    CHECK(why(with_groups({was_parked})).empty());
}

TEST_CASE("the busiest of several groups that wait is named") {
    GroupReport idle("https://other.example");
    idle.in_flight = 100;
    CHECK(why(with_groups({waiting_group("requests=5/s", "", two_o_clock), idle})) ==
          "https://api.example waits for requests=5/s");
}

TEST_CASE("a parked or unreachable group is shown with its time") {
    GroupReport parked("https://api.example");
    parked.parked = wait_for("asked to wait", "retry-after", two_o_clock + 1h);
    CHECK(why(with_groups({parked})) == "https://api.example is parked until 15:00:00 (retry-after)");
    GroupReport away("https://api.example");
    away.circuit_open_since = two_o_clock - 90s;
    CHECK(why(with_groups({away})) == "https://api.example has been unreachable since 13:58:30");
}

TEST_CASE("the time left follows from the recent rate") {
    RunReport report;
    CHECK_FALSE(time_left(report, two_o_clock));  // nobody knows how much there is
    report.total = 1000;
    report.done = 400;
    CHECK_FALSE(time_left(report, two_o_clock));  // nor how fast it goes
    report.per_second = 2;
    CHECK(time_left(report, two_o_clock) == Duration(300s));
    report.lately_per_second = 10;
    CHECK(time_left(report, two_o_clock) == Duration(60s));
    report.has_ended = true;
    CHECK_FALSE(time_left(report, two_o_clock));
}

TEST_CASE("the time left respects known limits") {
    RunReport report = with_groups({GroupReport("a"), GroupReport("b")});
    report.total = 1000;
    report.done = 400;
    report.lately_per_second = 100;
    report.limits = {policy::RateLimit("requests", 60, 1min)};
    CHECK(time_left(report, two_o_clock) == Duration(300s));  // two groups, one a second each
    report.groups[0].learnt_pace = policy::RateLimit("requests", 0.5, 1s);
    CHECK(time_left(report, two_o_clock) == Duration(400s));
    report.group_count = 3;  // of one that is not in the report nothing is known
    CHECK(time_left(report, two_o_clock) == Duration(6s));
}

TEST_CASE("a limit of another unit counts by the mean cost of calls") {
    RunReport report = with_groups({waiting_group("tokens: 0 of 90k left", "ratelimit", two_o_clock)});
    report.total = 1000;
    report.done = 400;
    ReportedQuota& quota = report.groups[0].quotas.emplace_back();
    quota.unit = "tokens";
    quota.limit = 6000;
    quota.window = 1min;
    report.lately_per_second = 10;
    CHECK(time_left(report, two_o_clock) == Duration(60s));
    report.costs = {ReportedCost("tokens", 20'000)};
    CHECK(time_left(report, two_o_clock) == Duration(300s));  // 100 tokens a second, 50 a call
}

TEST_CASE("if all groups wait, the time left starts when the first can send again") {
    RunReport report = with_groups({waiting_group("requests: 0 of 60 left", "ratelimit", two_o_clock + 40s)});
    report.total = 100;
    report.done = 40;
    report.limits = {policy::RateLimit("requests", 60, 1min)};
    CHECK(time_left(report, two_o_clock) == Duration(100s));
}

TEST_CASE("a wait for a call in flight has no end in the text, and does not delay the run") {
    const WallTime unknown = two_o_clock + 24h * 365 * 50;
    RunReport report = with_groups({waiting_group("requests: 0 of 60 left", "ratelimit", unknown)});
    report.total = 100;
    report.done = 40;
    report.limits = {policy::RateLimit("requests", 60, 1min)};
    CHECK(why(report) == "waits for requests: 0 of 60 left (ratelimit)");
    CHECK(time_left(report, two_o_clock) == Duration(60s));
}

TEST_CASE("a run that stalls after failures has no estimated end") {
    const auto left_with = [](GroupReport group) {
        RunReport report = with_groups({std::move(group)});
        report.total = 1000;
        report.done = 716;
        report.lately_per_second = 70;
        report.per_second = 4;
        return time_left(report, two_o_clock);
    };
    const std::string_view held_back = "retries wait for good answers";
    CHECK_FALSE(left_with(waiting_group(held_back, "", two_o_clock + 40s)));
    CHECK_FALSE(left_with(waiting_group("backs off after failures", "", two_o_clock + 1s)));
    CHECK(left_with(waiting_group("asked to wait", "retry-after", two_o_clock + 1s)));
    CHECK(left_with(waiting_group("requests=500/m", "", two_o_clock + 1s)));
    GroupReport busy = waiting_group(held_back, "", two_o_clock + 40s);
    busy.in_flight = 3;
    CHECK(left_with(busy));
}

TEST_CASE("the text of a run in progress has progress, rate, reason and estimated end") {
    GroupReport group = waiting_group("requests=600/m", "x-ratelimit-limit", two_o_clock + 5s);
    group.in_flight = 80;
    group.concurrency = 96;
    group.concurrency_is_adaptive = true;
    group.concurrency_change.emplace();
    group.concurrency_change->from = 128;
    group.concurrency_change->to = 96;
    group.concurrency_change->why = "latency rose from 20 ms to 61 ms";
    ReportedQuota& quota = group.quotas.emplace_back();
    quota.unit = "requests";
    quota.learnt_from = "x-ratelimit-limit";
    quota.limit = 600;
    quota.window = 1min;
    quota.remaining = 0;
    quota.reset_at = two_o_clock + 5s;
    RunReport report = with_groups({group});
    report.total = 50'000;
    report.done = 12'000;
    report.count(Outcome::ok) = 11'990;
    report.count(Outcome::rejected) = 10;
    report.in_flight = 80;
    report.retries = 1;
    report.lately_per_second = 9.96;
    report.per_second = 20;
    report.costs = {ReportedCost("usd", 1.25, 5), ReportedCost("tokens", 81'000)};
    CHECK(text_of(report, Liveness::running) ==
          "out.jsonl: running since 13:50:00 (process 4711), last update 14:00:00\n"
          "  done   12000 of 50000 (24 %): 11990 ok, 10 rejected\n"
          "  now    80 in flight, 1 retry so far\n"
          "  rate   10.0/s recently, 20/s since the start\n"
          "  state  waits for requests=600/m (x-ratelimit-limit) until 14:00:05\n"
          "  spent  1.25 usd of 5\n"
          "         81000 tokens\n"
          "  limit  requests=600/m, learnt from x-ratelimit-limit: 0 left until 14:00:05\n"
          "  group  https://api.example: 80 of 96 in flight (lowered from 128: latency rose from 20 ms to 61 ms), "
          "5 waiting\n"
          "  ends   about 15:03:25, in 1 h 3 min\n");
}

TEST_CASE("each of several groups is shown with its reason and its limits") {
    GroupReport group = waiting_group("requests=5/s", "refusals", two_o_clock + 5s);
    group.learnt_pace = policy::RateLimit("requests", 187.3, 1s);
    RunReport report = with_groups({group, GroupReport("b")});
    report.group_count = 22;
    const std::string text = text_of(report, Liveness::running);
    CHECK(has(text, "limit  https://api.example: requests=187/s, learnt from refusals\n"));
    CHECK(has(text, "https://api.example: 0 in flight, 5 waiting: waits for requests=5/s (refusals) until 14:00:05\n"));
    CHECK(has(text, "and 20 more\n"));
}

TEST_CASE("the text of a stopped run says why, and how to resume") {
    RunReport report = with_groups({});
    report.has_ended = true;
    report.stopped = "the budget of 5 usd is used up";
    const std::string text = text_of(report, Liveness::ended);
    CHECK(has(text, "out.jsonl: stopped at 14:00:00: the budget of 5 usd is used up\n"));
    CHECK(has(text, "  next   repeat the command to resume\n"));
    CHECK_FALSE(has(text, "pace"));
}

TEST_CASE("the text of a stopped run advises what helps") {
    RunReport report = with_groups({});
    report.has_ended = true;
    report.stopped = "the budget of 5 usd is used up";
    report.is_budget_used_up = true;
    CHECK(has(text_of(report, Liveness::ended), "  next   repeat the command with a larger --budget to resume\n"));

    report.stopped = "the first call failed, and the others would too: status 401";
    report.is_budget_used_up = false;
    ReportedError& error = report.errors.emplace_back();
    error.kind = "status 401";
    error.calls = 1;
    report.count(Outcome::rejected) = 1;
    CHECK(has(text_of(report, Liveness::ended),
              "  next   correct the key or its rights, then repeat the command to resume\n"
              "         plait retry out.jsonl --rejected writes the 1 rejected request to a new file\n"));

    report.total = report.done = 1;
    const std::string text = text_of(report, Liveness::ended);
    CHECK_FALSE(has(text, "repeat the command"));
    CHECK(has(text, "  next   plait retry out.jsonl --rejected"));
}

TEST_CASE("invalid lines are to be corrected, as a retry would not help") {
    RunReport report = with_groups({});
    report.has_ended = true;
    report.count(Outcome::failed) = 1;
    ReportedError& error = report.errors.emplace_back();
    error.kind = "bad_input";
    error.calls = 1;
    CHECK(has(text_of(report, Liveness::ended),
              "  next   correct the 1 invalid line (bad_input) in a file of its own, and run that with another -o\n"));
    CHECK_FALSE(has(text_of(report, Liveness::ended), "plait retry"));
    report.count(Outcome::failed) = 3;
    CHECK(has(text_of(report, Liveness::ended),
              "         plait retry out.jsonl --where \"outcome == 'failed' and error != 'bad_input'\" writes the 2 "
              "failed requests to a new file\n"));
}

TEST_CASE("the text of a run that a parked group stopped says when to resume") {
    GroupReport parked("https://api.example");
    parked.parked = wait_for("asked to wait", "retry-after", two_o_clock + 1h);
    RunReport report = with_groups({parked});
    report.has_ended = true;
    report.stopped = "https://api.example is parked";
    CHECK(come_back_at(report) == two_o_clock + 1h);
    CHECK(has(text_of(report, Liveness::ended),
              "repeat the command to resume; the servers ask you to wait until 15:00:00\n"));
}

TEST_CASE("a killed run is distinguished from one that ended") {
    RunReport report = with_groups({});
    CHECK(has(text_of(report, Liveness::ended), "not running: it was killed or crashed; last update 14:00:00"));
    CHECK(has(text_of(report, Liveness::ended), "repeat the command to resume"));
    report.has_ended = true;
    CHECK(has(text_of(report, Liveness::ended), "out.jsonl: finished at 14:00:00\n"));
    CHECK_FALSE(has(text_of(report, Liveness::ended), "repeat the command"));
}

TEST_CASE("the text of a run that ended says which groups spoke HTTP/2") {
    GroupReport first("https://a.example"), second("https://b.example");
    first.http_version = "2";
    RunReport report = with_groups({first});
    report.has_ended = true;
    CHECK(has(text_of(report, Liveness::ended), "  http   HTTP/2\n"));
    second.http_version = "1.1";
    report.groups.push_back(second);
    CHECK(has(text_of(report, Liveness::ended), "  http   HTTP/2 with https://a.example; HTTP/1.1 with others\n"));
    report.groups.erase(report.groups.begin());
    CHECK_FALSE(has(text_of(report, Liveness::ended), "http   "));
}

TEST_CASE("the text of a finished run says how to retry failures") {
    RunReport report = with_groups({});
    report.has_ended = true;
    report.count(Outcome::failed) = 3;
    report.count(Outcome::unknown) = 1;
    const std::string text = text_of(report, Liveness::ended);
    CHECK(has(text, "  next   plait retry out.jsonl --failed writes the 3 failed requests to a new file\n"));
    CHECK(has(text, "         plait retry out.jsonl --unknown writes the 1 unknown request to a new file\n"));
}

TEST_CASE("the text of a run says that it is paused or stops, and where it can be watched") {
    RunReport report = with_groups({waiting_group("requests=600/m", "", two_o_clock + 5s)});
    report.total = 1000;
    report.done = 400;
    report.lately_per_second = 10;
    report.page_url = "http://127.0.0.1:8080/0123/";
    report.is_paused = true;
    const std::string paused = text_of(report, Liveness::running);
    CHECK(has(paused, "  state  paused\n  page   http://127.0.0.1:8080/0123/\n"));
    CHECK_FALSE(has(paused, "ends "));
    report.is_stopping = true;
    CHECK(has(text_of(report, Liveness::running), "  state  stops when the calls in flight have ended\n"));
}

TEST_CASE("the text of a run has latencies, and an example of each kind of error") {
    RunReport report = with_groups({});
    report.latency.emplace();
    report.latency->p50 = 90ms;
    report.latency->p90 = 120ms;
    report.latency->p99 = 1500ms;
    report.latency->longest = 2s;
    for (const std::string kind : {"status 404", "timeout"}) {
        ReportedError& error = report.errors.emplace_back();
        error.kind = kind;
        error.calls = 3;
        error.custom_id = "line-7";
    }
    report.errors.back().message = "timed out after 5 s";
    const std::string text = text_of(report, Liveness::running);
    CHECK(has(text, "  took   p50 90 ms, p90 120 ms, p99 1.5 s, at most 2 s\n"));
    CHECK(
        has(text, "  errors 3 status 404, such as line-7\n         3 timeout, such as line-7: timed out after 5 s\n"));
}

TEST_CASE("the line for logs says why a run waits") {
    RunReport report = with_groups({waiting_group("requests=600/m", "x-ratelimit-limit", two_o_clock + 5s)});
    CHECK(report_line(RunReport(), two_o_clock, utc_calendar) == "14:00:00  0  0.0/s  0 in flight");
    report.total = 1000;
    report.done = 400;
    report.count(Outcome::ok) = 390;
    report.count(Outcome::rejected) = 10;
    report.in_flight = 8;
    report.lately_per_second = 10;
    CHECK(report_line(report, two_o_clock, utc_calendar) ==
          "14:00:00  400/1000  10/s  8 in flight  10 not ok  ends 14:01:05  "
          "waits for requests=600/m (x-ratelimit-limit) until 14:00:05");
}

TEST_CASE("the JSON of a status has the report and its conclusions") {
    RunReport report = with_groups({waiting_group("requests=600/m", "", two_o_clock)});
    report.total = 1000;
    report.done = 400;
    report.lately_per_second = 10;
    CHECK(report_json(report, Liveness::running, two_o_clock, utc_calendar) ==
          "{\"is_running\":true,\"why_waiting\":\"waits for requests=600/m\",\"seconds_left\":60,\"report\":" +
              to_json(report) + "}");
    CHECK(report_json(report, Liveness::ended, two_o_clock, utc_calendar) ==
          "{\"is_running\":false,\"why_waiting\":\"\",\"seconds_left\":null,\"report\":" + to_json(report) + "}");
}
