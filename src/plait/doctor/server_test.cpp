#include "plait/doctor/server.hpp"

#include "plait/http/message/date.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace plait;
using namespace plait::doctor;
using namespace std::chrono_literals;

namespace {

/// An answer with this date that was received at this time, after a request of 600 ms.
ServerTrial answered(const char* date, const char* received) {
    ServerTrial trial("https://a.example/x");
    trial.status = 404;
    trial.version = http::HttpVersion::http_2;
    trial.took = 600ms;
    trial.date = date;
    trial.received = *http::parse_internet_date(received);
    return trial;
}

std::string clock(const char* date, const char* received) {
    const auto finding = check_clock(answered(date, received));
    if (!finding) return "nothing";
    return std::string(to_string(finding->verdict)) + " " + finding->message;
}

constexpr auto ten = "Mon, 30 Nov 2026 10:00:00 GMT";
constexpr std::string_view effect = "; signed requests and tokens may be refused, and dates in results are off";

}  // namespace

TEST_CASE("a server that answers is ok, whatever it says of the path") {
    ServerTrial trial = answered(ten, "2026-11-30T10:00:00Z");
    CHECK(check_server(trial).verdict == Verdict::ok);
    CHECK(check_server(trial).message == "https://a.example answers HEAD with 404 over HTTP/2 after 600 ms");
    trial.status = 503;
    CHECK(check_server(trial).verdict == Verdict::warn);
}

TEST_CASE("a server that can't be reached is wrong, and says nothing of the clock") {
    ServerTrial trial("https://a.example");
    trial.failure = "connect a.example:443: refused";
    CHECK(check_server(trial).verdict == Verdict::wrong);
    CHECK(check_server(trial).message == "connect a.example:443: refused");
    CHECK_FALSE(check_clock(trial));
}

TEST_CASE("a clock agrees within the second of a date and the time that the request took") {
    CHECK(clock(ten, "2026-11-30T10:00:00Z") == "ok agrees with that of https://a.example");
    CHECK(clock(ten, "2026-11-30T10:00:03.5Z") == "ok agrees with that of https://a.example");
    CHECK(clock(ten, "2026-11-30T09:59:58Z") == "ok agrees with that of https://a.example");
}

TEST_CASE("a clock that differs is a warning, and wrong from five minutes on") {
    CHECK(clock(ten, "2026-11-30T10:00:11.6Z") == "warn 10 s ahead of that of https://a.example" + std::string(effect));
    CHECK(clock(ten, "2026-11-30T09:59:50Z") == "warn 10 s behind that of https://a.example" + std::string(effect));
    CHECK(clock(ten, "2026-11-30T09:00:00Z") == "wrong 1 h behind that of https://a.example" + std::string(effect));
    CHECK(clock(ten, "2026-11-30T10:05:01Z").starts_with("warn "));
    CHECK(clock(ten, "2026-11-30T10:05:02Z").starts_with("wrong "));
}

TEST_CASE("a server without a date leaves the clock unknown") {
    CHECK(clock("", "2026-11-30T10:00:00Z") == "warn https://a.example sends no Date to compare it with");
    CHECK(clock("yesterday", "2026-11-30T10:00:00Z").starts_with("warn "));
}

TEST_CASE("findings are lines with aligned columns, or JSON") {
    const std::vector<Finding> findings{{"disk", Verdict::ok, "m \"1\""},
                                        {"local ports", Verdict::wrong, "m2", "do it"}};
    CHECK(any_wrong(findings));
    CHECK(findings_text(findings) == "ok     disk         m \"1\"\nwrong  local ports  m2: do it\n");
    CHECK(findings_json(findings) ==
          R"({"checks":[{"name":"disk","verdict":"ok","message":"m \"1\"","advice":""},)"
          R"({"name":"local ports","verdict":"wrong","message":"m2","advice":"do it"}],"ok":1,"warn":0,"wrong":1})");
    CHECK_FALSE(any_wrong({{"disk", Verdict::warn, "m"}}));
}
