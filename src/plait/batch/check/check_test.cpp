#include "plait/batch/check/check.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <simdjson.h>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

Call call_of(std::string method, std::uint64_t line, std::string id = {}) {
    return Call(id.empty() ? automatic_id(line) : std::move(id), line,
                http::Request(std::move(method), "https://api.example/"));
}

CheckReport report_of(const std::vector<SourceItem>& items, ForecastOptions options = {}) {
    Check check(std::move(options));
    for (const SourceItem& item : items) check.look_at(item);
    return check.report();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a valid input has neither errors nor warnings") {
    const CheckReport report = report_of({call_of("GET", 1), call_of("GET", 2), call_of("DELETE", 4)});
    CHECK_FALSE(report.is_refused());
    CHECK_FALSE(report.has_warnings());
    CHECK(check_text(report, "in.jsonl") ==
          "in.jsonl: 3 calls: 2 GET, 1 DELETE\n"
          "  3        https://api.example\n");
}

TEST_CASE("an id that ends like that of a page can't be sent with a result for each page") {
    CheckedPages pages;
    pages.each_page = true;
    Check check({}, {}, pages);
    for (const char* id : {"a#2", "a#b"}) check.look_at(SourceItem(call_of("GET", 1, id)));
    CHECK(check.report().bad_count == 1);
    CHECK(has(check.report().bad.front().message, "ends like that of a page"));
    CHECK_FALSE(report_of({call_of("GET", 1, "a#2")}).is_refused());
}

TEST_CASE("a call whose pages can't be fetched is a bad one") {
    CheckedPages pages;
    pages.follow = std::make_shared<const FollowRule>(FollowRule::parse_flag("next=count,cursor=page,items=/i"));
    Check check({}, {}, pages);
    check.look_at(SourceItem(call_of("GET", 1)));
    Call with_rule = call_of("GET", 2);
    with_rule.rules.follow = std::make_shared<const FollowRule>(FollowRule::parse_flag("next=link"));
    check.look_at(SourceItem(with_rule));
    CHECK(check.report().bad_count == 1);
    CHECK(has(check.report().bad.front().message, "line 1: its pages can't be fetched: there is no number"));
}

TEST_CASE("an empty input has no calls") { CHECK(check_text(report_of({}), "in") == "in: 0 calls\n"); }

TEST_CASE("invalid lines are counted, and the first are listed with the reason") {
    std::vector<SourceItem> items;
    for (std::uint64_t line = 1; line <= 50; ++line) {
        items.emplace_back(BadLine(automatic_id(line), line, fmt::format("line {}: no \"url\"", line)));
    }
    const CheckReport report = report_of(items);
    CHECK(report.is_refused());
    CHECK(report.bad_count == 50);
    CHECK(report.bad.size() == Check::most_kept);
    const std::string text = check_text(report, "in");
    CHECK(has(text, "50 lines can't be sent:\n  line 1: no \"url\"\n"));
    CHECK(has(text, "  and 30 more\n"));
}

TEST_CASE("a repeated id is listed with both lines") {
    const CheckReport report = report_of({call_of("GET", 1, "a"), call_of("GET", 2), call_of("GET", 7, "a"),
                                          BadLine("line-2", 9, "line 9: no \"url\"")});
    CHECK(report.is_refused());
    CHECK(report.calls == 2);
    CHECK(report.repeated_count == 2);
    CHECK(has(check_text(report, "in"),
              "2 lines repeat an id:\n"
              "  line 7: custom_id \"a\" is already used by line 1\n"
              "  line 9: custom_id \"line-2\" is already used by line 2\n"));
}

TEST_CASE("secrets are listed by place and kind, never with their values") {
    const std::string secret = "ghp_" + std::string(18, 'a') + std::string(18, '1');
    std::vector<SourceItem> items;
    for (std::uint64_t line = 1; line <= 3; ++line) {
        Call call = call_of("GET", line);
        if (line > 1) call.request.headers.add("Authorization", "Bearer " + secret);
        items.emplace_back(std::move(call));
    }
    items.emplace_back(BadLine("bad", 4, "line 4: " + secret));
    items.emplace_back(call_of("GET", 5, secret));
    items.emplace_back(call_of("GET", 6, secret));
    const CheckReport report = report_of(items);
    CHECK(report.has_warnings());
    CHECK(report.calls_with_secrets == 2);
    const std::string text = check_text(report, "in");
    CHECK(has(text,
              "2 calls contain secrets in plain text:\n"
              "  the header Authorization: a GitHub token, first in line 2, in 2 calls\n"));
    CHECK(has(text, "{{env.NAME}}"));
    CHECK_FALSE(has(text, secret));
    CHECK_FALSE(has(check_json(report), secret));
}

TEST_CASE("a path that looks doubled is a warning") {
    Call call("a", 3, http::Request("GET", "https://api.example/v1/v1/items?x=y"));
    const CheckReport report = report_of({std::move(call), call_of("GET", 4)});
    CHECK(report.has_warnings());
    CHECK(has(check_text(report, "in"), "1 call has a path that looks doubled:\n  line 3: /v1/v1 in /v1/v1/items\n"));
    CHECK(has(check_json(report), R"("doubled":[{"line":3,"path":"/v1/v1/items","part":"/v1/v1"}])"));
}

TEST_CASE("notes of the source are listed, and are no warning") {
    CheckReport report = report_of({call_of("GET", 1)});
    report.notes.names_left(2, {"env.PATH"});
    report.notes.joined_once(4, "/v1/x", "https://h/v1/x");
    CHECK_FALSE(report.has_warnings());
    const std::string text = check_text(report, "in");
    CHECK(has(text,
              "1 call names secrets that are not permitted, and are sent as they stand:\n"
              "  {{env.PATH}}, first in line 2, in 1 call\n"));
    CHECK(has(text, "1 URL begins with the path of --base-url, which is used once:\n  line 4: /v1/x begins"));
    CHECK(has(check_json(report),
              R"("names_not_permitted":[{"name":"env.PATH","first_line":2,"calls":1}],"urls_joined_once":1)"));
}

TEST_CASE("places of secrets are listed up to a bound and counted beyond it") {
    std::vector<SourceItem> items;
    for (std::uint64_t line = 1; line <= 100; ++line) {
        Call call = call_of("GET", line);
        call.request.headers.add(fmt::format("X-Secret-{}", line), "abcdefgh");
        items.emplace_back(std::move(call));
    }
    const CheckReport report = report_of(items);
    CHECK(report.secrets.size() == Check::most_kept);
    CHECK(report.calls_with_secrets == 100);
}

TEST_CASE("unsafe calls without a key are counted, and are no warning") {
    Call keyed = call_of("POST", 2);
    keyed.rules.safe_to_repeat = true;
    const CheckReport report = report_of({call_of("POST", 1), keyed, call_of("GET", 3)});
    CHECK(report.unsafe_count == 1);
    CHECK_FALSE(report.is_refused());
    CHECK_FALSE(report.has_warnings());
    CHECK(has(check_text(report, "in"), "1 call is not safe to repeat"));
}

TEST_CASE("the forecast is per group, which is the origin unless the line names one") {
    ForecastOptions options;
    options.limits = {policy::RateLimit("requests", 2, 1s)};
    Call other = call_of("GET", 5);
    other.rules.group = "tenant-a";
    const CheckReport report =
        report_of({call_of("GET", 1), call_of("GET", 2), call_of("GET", 3), call_of("GET", 4), other}, options);
    CHECK(report.group_count == 2);
    const std::string text = check_text(report, "in");
    CHECK(has(text, "  4        https://api.example\n  1        tenant-a\n"));
    CHECK(has(text, "The run takes at least 2 s (requests=2/s of https://api.example)\n"));
}

TEST_CASE("a call that costs more than a whole limit can't be sent") {
    ForecastOptions options;
    options.limits = {policy::RateLimit("tokens", 1000, 1min)};
    Call call = call_of("GET", 3);
    call.rules.costs = policy::Costs("tokens", 1001);
    const CheckReport report = report_of({call}, options);
    CHECK(report.is_refused());
    CHECK(report.calls == 0);
    CHECK(report.bad.at(0).message ==
          "line 3: costs 1001 tokens, and the limit is tokens=1k/m: it could never be sent");
}

TEST_CASE("a budget that is too small is a warning, and a sufficient one is reported, too") {
    ForecastOptions options;
    options.budgets = {policy::Budget("usd", 1), policy::Budget("tokens", 100)};
    Call first = call_of("GET", 1);
    first.rules.costs = policy::Costs("usd", 0.75);
    Call second = call_of("GET", 2);
    second.rules.costs = policy::Costs("usd", 0.5);
    const CheckReport report = report_of({first, second}, options);
    CHECK(report.has_warnings());
    const std::string text = check_text(report, "in");
    CHECK(has(text, "  cost 1.25 usd, stated by 2 calls\n"));
    CHECK(has(text, "The budget of 1 usd lasts for 1 call: all calls cost 1.25 usd\n"));
    CHECK(has(text, "Whether the budget of 100 tokens is enough can't be told: 2 calls state no cost in tokens\n"));
}

TEST_CASE("methods beyond a bound are counted together") {
    std::vector<SourceItem> items;
    for (std::uint64_t line = 1; line <= 100; ++line) items.emplace_back(call_of(fmt::format("M{}", line), line));
    const CheckReport report = report_of(items);
    CHECK(report.methods.size() == Check::most_methods + 1);
    CHECK(report.methods[0] == std::pair<std::string, std::uint64_t>("others", 50));
}

TEST_CASE("the JSON of a check has everything that its text has") {
    ForecastOptions options;
    options.limits = {policy::RateLimit("tokens", 1000, 1min)};
    options.budgets = {policy::Budget("usd", 1)};
    Call costly = call_of("POST", 1, "a");
    costly.rules.costs = policy::Costs("usd", 2);
    costly.request.headers.add("X-Api-Key", "abcdefgh");
    simdjson::dom::parser parser;
    const simdjson::dom::element json = parser.parse(
        check_json(report_of({costly, call_of("GET", 2, "a"), BadLine("b", 3, "line 3: \"quoted\"")}, options)));
    CHECK(json["calls"].get_uint64().value() == 1);
    CHECK(json["methods"]["POST"].get_uint64().value() == 1);
    CHECK(json["groups"]["https://api.example"].get_uint64().value() == 1);
    CHECK(json["bad"].at(0)["message"].get_string().value() == "line 3: \"quoted\"");
    CHECK(json["repeated"].at(0)["before"].get_uint64().value() == 1);
    CHECK(json["secrets"].at(0)["where"].get_string().value() == "the header X-Api-Key");
    CHECK(json["unsafe_without_key"].get_uint64().value() == 1);
    CHECK(json["forecast"]["costs"].at(0)["sum"].get_double().value() == 2.0);
    CHECK(json["forecast"]["takes_at_least"].at(0)["seconds"].get_double().value() == 0.0);
    CHECK(json["forecast"]["budgets"].at(0)["is_enough"].get_bool().value() == false);
    CHECK(json["forecast"]["calls_untold"]["tokens"].get_uint64().value() == 1);
}

TEST_CASE("where there are proxies, the report says how calls to each origin go") {
    http::ProxySettings proxies;
    proxies.for_https = {http::Proxy("p.example:3128"), "https_proxy"};
    Check check({}, proxies);
    check.look_at(SourceItem(call_of("GET", 1)));
    check.look_at(SourceItem(call_of("GET", 2)));
    const CheckReport report = check.report();
    REQUIRE(report.routes.size() == 1);
    CHECK(report.routes[0].first == "https://api.example");
    CHECK(report.routes[0].second == "through http://p.example:3128 (https_proxy)");
    CHECK(has(check_text(report, "in"),
              "Proxies:\n  https://api.example: through http://p.example:3128 (https_proxy)\n"));
    CHECK(has(check_json(report), R"("routes":[{"origin":"https://api.example","route":"through http)"));
    CHECK(report_of({call_of("GET", 1)}).routes.empty());
}

TEST_CASE("lines that can't be sent are counted by reason, without their values") {
    Check check{ForecastOptions()};
    for (std::uint64_t line = 2; line < 30; ++line) {
        check.look_at(
            BadLine(automatic_id(line), line,
                    fmt::format("line {}: column n: 'it's {}' is not a number as JSON writes it", line, line)));
    }
    check.look_at(BadLine("x", 40, "line 40: column id has no value"));
    const CheckReport report = check.report();
    REQUIRE(report.reasons.size() == 2);
    CHECK(report.reasons[0].reason == "column n is not a number as JSON writes it");
    CHECK(report.reasons[0].lines == 28);
    CHECK(report.reasons[0].first_line == 2);
    CHECK(report.reasons[1].reason == "column id has no value");
    CHECK(check_text(report, "rows.csv")
              .find("  28       column n is not a number as JSON writes it, first in line 2\n") != std::string::npos);
}

TEST_CASE("rows show the first request and where each column goes") {
    http::Request request("POST", "http://a.example/7");
    request.headers.add("X-A", "1");
    request.body = "{\"a\": 1}";
    Check check{ForecastOptions()};
    check.look_at(SourceItem(Call("a", 2, std::move(request))));
    CheckReport report = check.report();
    CHECK(check_text(report, "rows.csv").find("first request") == std::string::npos);
    report.columns = {{"id", {"the path", "the body"}}};
    CHECK(check_text(report, "rows.csv")
              .find("Columns that are sent:\n  id: the path, the body\nThe first request:\n"
                    "  POST http://a.example/7\n  X-A: 1\n\n  {\"a\": 1}\n") != std::string::npos);
}
