#include "plait/batch/status/run_report.hpp"

#include "plait/base/error.hpp"
#include "plait/testing/async_test.hpp"

#include <doctest/doctest.h>

#include <type_traits>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

const WallTime noon = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 25)) + 12h;
const ClockPair clocks{TimePoint(100h), noon};

RunReport full_report() {
    RunReport report;
    report.began = noon - 10min;
    report.last_heard = noon + 250ms;
    report.pid = 4711;
    report.total = 50'000;
    report.done = 12'000;
    report.count(Outcome::ok) = 11'990;
    report.count(Outcome::failed) = 10;
    report.in_flight = 80;
    report.retries = 17;
    report.lately_per_second = 187.5;
    report.per_second = 20;
    report.costs = {ReportedCost("usd", 1.25, 5), ReportedCost("tokens", 81'000)};
    report.limits = {policy::RateLimit("requests", 500, 1min)};
    report.refusals = 4;
    report.latency.emplace();
    report.latency->calls = 11'990;
    report.latency->p50 = 90ms;
    report.latency->p90 = 120ms;
    report.latency->p99 = 1500ms;
    report.latency->longest = 2s;
    ReportedBin& bin = report.latency->bins.emplace_back();
    bin.from = 64ms;
    bin.up_to = 96ms;
    bin.calls = 11'000;
    ReportedError& error = report.errors.emplace_back();
    error.kind = "status 404";
    error.calls = 10;
    error.custom_id = "a \"quoted\" id";
    error.line = 12;
    error.request = "GET https://api.example/12";
    error.message = "no such thing";
    error.at = noon - 1s;
    report.is_paused = report.is_stopping = true;
    report.page_url = "http://127.0.0.1:8080/0123/";
    report.has_ended = true;
    report.is_budget_used_up = true;
    report.stopped = "the budget of \"5\" usd is used up";
    GroupReport group("https://api.example");
    group.in_flight = 80;
    group.concurrency = 96;
    group.concurrency_is_adaptive = true;
    group.concurrency_change.emplace();
    group.concurrency_change->from = 128;
    group.concurrency_change->to = 96;
    group.concurrency_change->why = "status 503";
    group.waiting = 3;
    group.waits_for.emplace();
    group.waits_for->limit = "tokens: 0 of 90k left";
    group.waits_for->learnt_from = "x-ratelimit-remaining-tokens";
    group.waits_for->until = noon + 7s;
    group.parked.emplace();
    group.parked->until = noon + 3h;
    group.circuit_open_since = noon - 1s;
    group.learnt_pace = policy::RateLimit("requests", 187.25, 1500ms);
    ReportedQuota& quota = group.quotas.emplace_back();
    quota.unit = "tokens";
    quota.learnt_from = "x-ratelimit-limit-tokens";
    quota.limit = 90'000;
    quota.remaining = 0;
    quota.window = 1min;
    quota.reset_at = noon + 7s;
    group.quotas.emplace_back().unit = "requests";
    group.http_version = "2";
    report.groups = {group, GroupReport("tenant \xe2\x82\xac")};
    report.group_count = 25;
    return report;
}

GroupReport busy(std::string_view name, std::uint64_t in_flight, std::uint64_t waiting = 0) {
    GroupReport group(name);
    group.in_flight = in_flight;
    group.waiting = waiting;
    return group;
}

}  // namespace

TEST_CASE("a report survives the way through JSON") {
    const RunReport report = full_report();
    CHECK(parse_run_report(to_json(report)) == report);
    CHECK(parse_run_report(to_json(RunReport())) == RunReport());
}

TEST_CASE("the JSON of a report has dates and seconds") {
    const std::string json = to_json(full_report());
    CHECK(json.find("\"last_heard\":\"2026-11-25T12:00:00.250Z\"") != std::string::npos);
    CHECK(json.find("\"learnt_pace\":{\"unit\":\"requests\",\"amount\":187.25,\"window_s\":1.5}") != std::string::npos);
    CHECK(json.find("\"outcomes\":{\"ok\":11990,\"rejected\":0,\"failed\":10,\"unknown\":0") != std::string::npos);
    CHECK(json.find('\n') == std::string::npos);
}

TEST_CASE("a report of another version is read as far as possible") {
    const RunReport report = parse_run_report(
        R"({"done":7,"total":null,"new":[1,{}],"pid":"none","began":"soon","costs":[3,{"unit":"usd"}],"groups":{}})");
    CHECK(report.done == 7);
    CHECK_FALSE(report.total);
    CHECK(report.pid == 0);
    CHECK(report.began == WallTime{});
    CHECK(report.costs == std::vector<ReportedCost>{ReportedCost("usd", 0)});
    CHECK(report.groups.empty());
}

TEST_CASE("a field is found by its old name") {
    const RunReport report = parse_run_report(R"({"groups":[{"name":"a","concurrency_finds_itself":true}]})");
    REQUIRE(report.groups.size() == 1);
    CHECK(report.groups[0].concurrency_is_adaptive);
}

TEST_CASE("text that is not a report is refused") {
    for (const char* text : {"", "[]", "{\"done\":", "7", "status"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_run_report(text), Error);
    }
}

TEST_CASE("times become dates, and the end of time a distant one") {
    CHECK(clocks.date_of(TimePoint(100h) + 90s) == noon + 90s);
    CHECK(clocks.date_of(TimePoint(99h)) == noon - 1h);
    const WallTime never = clocks.date_of(TimePoint::max());
    CHECK(never > noon + 24h * 365 * 40);
    RunReport report;
    report.last_heard = never;
    CHECK(parse_run_report(to_json(report)).last_heard == never);
}

TEST_CASE("a report keeps the busiest groups") {
    std::vector<GroupReport> all;
    for (int n = 0; n < 100; ++n) all.push_back(busy("group-" + std::to_string(n), static_cast<std::uint64_t>(n % 7)));
    all.push_back(busy("waits", 0, 50));
    GroupReport parked = busy("a parked one", 0);
    parked.parked.emplace();
    all.push_back(parked);
    RunReport report;
    report.take_groups(all);
    CHECK(report.group_count == 102);
    REQUIRE(report.groups.size() == RunReport::most_groups);
    CHECK(report.groups[0].name == "waits");
    CHECK(report.groups[1].name == "group-13");
    CHECK(report.groups[1].in_flight == 6);

    report.take_groups({busy("b", 0), parked, busy("a", 0)});
    REQUIRE(report.groups.size() == 3);
    CHECK(report.groups[0].name == "a parked one");
    CHECK(report.groups[1].name == "a");
}

ASYNC_TEST("a group's report has what its pace knows") {
    policy::PaceOptions options;
    options.server.max_wait = 10min;
    policy::Pace pace(std::move(options));
    auto pass = co_await pace.enter();
    REQUIRE(pass);
    policy::LimitNotice notice("tokens", "x-ratelimit-limit-tokens");
    notice.limit = 90'000;
    notice.remaining = 12;
    notice.reset = 20s;
    pace.noticed(*pass, notice);
    pace.refused(*pass, 1h, "retry-after");

    GroupReport group("https://api.example");
    group.take(pace, ClockPair{pass->sent_at(), noon});
    CHECK(group.waiting == 0);
    CHECK_FALSE(group.waits_for);
    REQUIRE(group.parked);
    CHECK(group.parked->learnt_from == "retry-after");
    CHECK(group.parked->until >= noon + 1h);
    REQUIRE(group.quotas.size() == 1);
    CHECK(group.quotas[0].learnt_from == "x-ratelimit-limit-tokens");
    CHECK(group.quotas[0].remaining == 12.0);
    CHECK(group.quotas[0].reset_at == noon + 20s);
}

TEST_CASE("types with strings are not aggregates") {
    CHECK_FALSE(std::is_aggregate_v<RunReport>);
    CHECK_FALSE(std::is_aggregate_v<GroupReport>);
    CHECK_FALSE(std::is_aggregate_v<ReportedWait>);
    CHECK_FALSE(std::is_aggregate_v<ReportedQuota>);
    CHECK_FALSE(std::is_aggregate_v<ReportedCost>);
}
