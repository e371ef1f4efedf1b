#include "plait/batch/follow/next_request.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

using Fields = std::vector<std::pair<const char*, const char*>>;

http::Response answer(int status, const Fields& fields = {}) {
    http::Response response;
    response.status = status;
    for (const auto& [name, value] : fields) response.headers.add(name, value);
    return response;
}

/// "over", the next URL, with its method if it is not GET and its body if it has one, or "broken: why".
std::string in_words(const FollowStep& step) {
    if (step.kind == FollowStep::Kind::over) return "over";
    if (step.kind == FollowStep::Kind::next) return step.url->text();
    if (step.kind == FollowStep::Kind::repeat) {
        const http::Request& request = *step.request;
        const std::string method = request.method() == "GET" ? "" : request.method() + " ";
        return method + request.url.text() + (request.body.empty() ? "" : " " + request.body);
    }
    return "broken: " + step.why;
}

std::string after_page(const char* rule, const char* url, const char* body, const Fields& fields = {}) {
    PageTrail trail(*FollowRule::parse_flag(rule).pages());
    return in_words(trail.after(http::Request("GET", http::Url(url)), answer(200, fields), body));
}

bool contains(const std::string& text, std::string_view part) {
    CAPTURE(text);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a page names the next one in its Link header") {
    CHECK(after_page("next=link", "http://a/x?p=1", "", {{"Link", R"(</x?p=2>; rel="next")"}}) == "http://a/x?p=2");
    CHECK(after_page("next=link", "http://a/x?p=1", "", {{"Link", R"(<?p=2>; rel="next")"}}) == "http://a/x?p=2");
    CHECK(after_page("next=link", "http://a/x", "", {{"Link", R"(<http://b/y>; rel="next")"}}) == "http://b/y");
    CHECK(after_page("next=link", "http://a/x", "", {{"Link", R"(</x>; rel="prev")"}}) == "over");
    CHECK(after_page("next=link", "http://a/x", "") == "over");
    CHECK(contains(after_page("next=link", "http://a/x", "", {{"Link", R"(<ftp://b/>; rel="next")"}}),
                   "broken: its next link can't be used"));
}

TEST_CASE("a page names the next one at a pointer, as a URL or a cursor") {
    struct Row {
        const char* rule;
        const char* url;
        const char* body;
        const char* next;
    };
    const Row rows[] = {
        {"next=/next", "http://a/x?p=1", R"({"next": "http://b/y"})", "http://b/y"},
        {"next=/next", "http://a/x?p=1", R"({"next": "?p=2"})", "http://a/x?p=2"},
        {"next=/meta/next", "http://a/v/x", R"({"meta": {"next": "/v/y"}})", "http://a/v/y"},
        {"next=/next", "http://a/x", R"({"next": null})", "over"},
        {"next=/next", "http://a/x", R"({"next": ""})", "over"},
        {"next=/next", "http://a/x", R"({"next": false})", "over"},
        {"next=/next", "http://a/x", R"({})", "over"},
        {"next=/next,cursor=after", "http://a/x", R"({"next": "q w/1"})", "http://a/x?after=q%20w%2F1"},
        {"next=/next,cursor=after", "http://a/x?n=5&after=1&m", R"({"next": 2})", "http://a/x?n=5&m&after=2"},
        {"next=/next,cursor=p[a]", "http://a/x?p%5Ba%5D=1", R"({"next": "z"})", "http://a/x?p%5Ba%5D=z"},
        {"next=/next,cursor=offset", "http://a/x", R"({"next": 18446744073709551615})",
         "http://a/x?offset=18446744073709551615"},
        {"next=/next,cursor=after", "http://a/x", R"({"next": null})", "over"},
        {"next=/next,cursor=c", "http://a/x?%63=1&c=2&C=3", R"({"next": 5})", "http://a/x?C=3&c=5"},
        {"next=/next,cursor=a b", "http://a/x?a+b=1&a%20b", R"({"next": 5})", "http://a/x?a%20b=5"},
        {"next=/next,cursor=c", "http://a/x", R"({"next": 1.10 })", "http://a/x?c=1.10"},
        {"next=/next,cursor=c", "http://a/x", R"({"next": 123456789012345678901234567890})",
         "http://a/x?c=123456789012345678901234567890"},
        {"next=/next", "http://a/x", R"({"i": [12345678901234567890123, 1e400, "\ud83d"], "next": "/y"})",
         "http://a/y"},
        {"next=/a~1b~0/1", "http://a/x", R"({"a/b~": [[], "/y"]})", "http://a/y"},
        {"next=/a/01", "http://a/x", R"({"a": ["/x", "/y"]})", "over"},
        {"next=/a/b", "http://a/x", R"({"a": "b"})", "over"},
        {"next=/0/next", "http://a/x", R"([{"next": "/y"}])", "http://a/y"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.body);
        CHECK(after_page(row.rule, row.url, row.body) == row.next);
    }
}

TEST_CASE("a page that says nothing clear about the next one is broken") {
    CHECK(contains(after_page("next=/next", "http://a/x", "<html>"), "broken: it is not JSON"));
    CHECK(contains(after_page("next=/next", "http://a/x", ""), "broken: it is not JSON"));
    CHECK(contains(after_page("next=/next", "http://a/x", R"({"next": "/y"} 1)"), "broken: it is not JSON"));
    CHECK(contains(after_page("next=/next", "http://a/x", R"({"next": "\ud83d"})"), "half of a surrogate pair"));
    for (const char* url : {"http://u:p@b/", "//u@b/"}) {
        const std::string body = std::string(R"({"next": ")") + url + "\"}";
        CHECK(
            after_page("next=/next", "http://a/x", body.c_str()) ==
            "broken: the value at /next can't be used: it has a user name or password, which plait does not take from "
            "an answer");
    }
    CHECK(after_page("next=/next", "http://a/x", R"({"next": "/u@v"})") == "http://a/u@v");
    CHECK(after_page("next=link", "http://a/x", "", {{"Link", R"(<>; rel="next")"}}) ==
          "broken: its next link is empty");
    CHECK(contains(after_page("next=/next", "http://a/x", R"({"next": {"u": 1}})"), "is an object or a list"));
    CHECK(contains(after_page("next=/next", "http://a/x", R"({"next": 2})"), R"(is "cursor" missing)"));
    CHECK(contains(after_page("next=/next", "http://a/x", R"({"next": "http://["})"), "can't be used"));
    CHECK(contains(after_page("next=/next", "http://a/x", R"({"next": "/x"})"), "in a circle: http://a/x came before"));
}

TEST_CASE("pages that were seen, and too many, end a list aloud") {
    const auto page = [](PageTrail& trail, int n, int next) {
        const std::string body = R"({"next": "/)" + std::to_string(next) + "\"}";
        const http::Request sent("GET", http::Url("http://a/" + std::to_string(n)));
        return trail.after(sent, answer(200), body);
    };
    PageRule rule;
    rule.pointer = "/next";
    PageTrail circle(rule);
    CHECK(page(circle, 1, 2).kind == FollowStep::Kind::next);
    CHECK(page(circle, 2, 3).kind == FollowStep::Kind::next);
    CHECK(page(circle, 3, 1).kind == FollowStep::Kind::broken);

    rule.most = 2;
    PageTrail two(rule);
    CHECK(page(two, 1, 2).kind == FollowStep::Kind::next);
    CHECK(page(two, 2, 3).kind == FollowStep::Kind::over);
    CHECK(two.has_more());
    CHECK(two.pages() == 2);

    rule.most.reset();
    PageTrail endless(rule);
    for (int n = 1; n < 1000; ++n) CHECK(page(endless, n, n + 1).kind == FollowStep::Kind::next);
    CHECK(contains(page(endless, 1000, 1001).why, "more than 1000 pages"));
    CHECK_FALSE(endless.has_more());
}

namespace {

/// What follows the page `body` that this POST got; or why there can't be pages.
std::string after_post(const char* rule, const char* sent, const char* body, const char* url = "http://a/q") {
    http::Request request("POST", http::Url(url));
    request.body = sent;
    const PageRule pages = *FollowRule::parse_flag(rule).pages();
    const std::string why = why_not_paged(pages, request);
    return why.empty() ? in_words(PageTrail(pages).after(request, answer(200), body)) : "not sent: " + why;
}

}  // namespace

TEST_CASE("a cursor goes into the body of the same request, whose other bytes stay") {
    struct Row {
        const char* rule;
        const char* sent;
        const char* body;
        const char* next;
    };
    const Row rows[] = {
        {"next=/c,into=/after", R"({"q": 1.10})", R"({"c": "x\u00e9/"})", R"({"after":"x\u00e9/","q": 1.10})"},
        {"next=/c,into=/after", R"({ "after" : null , "q":1})", R"({"c": "x"})", R"({ "after" : "x" , "q":1})"},
        {"next=/c,into=/v/a~1b", R"({"v": {}, "q": [1]})", R"({"c": 7})", R"({"v": {"a/b":7}, "q": [1]})"},
        {"next=/c,into=/v/a", R"({"v": { }})", R"({"c": 7})", R"({"v": {"a":7}})"},
        {"next=/c,into=/l/1", R"({"l": [1, {"x": 2} ]})", R"({"c": "y"})", R"({"l": [1, "y" ]})"},
        {"next=/LastEvaluatedKey,into=/ExclusiveStartKey", "{}", R"({"LastEvaluatedKey": {"id": {"S": "7"}}})",
         R"({"ExclusiveStartKey":{"id": {"S": "7"}}})"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.sent);
        CHECK(after_post(row.rule, row.sent, row.body) == std::string("POST http://a/q ") + row.next);
    }
    for (const char* last : {"{}", R"({"c": null})", R"({"c": {}})", R"({"c": []})", R"({"c": ""})"})
        CHECK(after_post("next=/c,into=/after", "{}", last) == "over");
    CHECK(after_post("next=/c,cursor=after", "search", R"({"c": "x"})") == "POST http://a/q?after=x search");
}

TEST_CASE("a page says that there are more, or no more, whatever its cursor is") {
    const char* rule = "next=/info/end,into=/variables/after,more=/info/more";
    const char* sent = R"({"variables": {}})";
    CHECK(after_post(rule, sent, R"({"info": {"end": "z", "more": true}})") ==
          R"(POST http://a/q {"variables": {"after":"z"}})");
    for (const char* more : {"false", "null", "0"}) {
        const std::string body = std::string(R"({"info": {"end": "z", "more": )") + more + "}}";
        CHECK(after_post(rule, sent, body.c_str()) == "over");
    }
    CHECK(after_post(rule, sent, R"({"info": {"end": "z"}})") == "over");
    CHECK(contains(after_post(rule, sent, R"({"info": {"end": null, "more": true}})"),
                   "broken: there are more by the value at /info/more, but none is named at /info/end"));
    CHECK(contains(after_post(rule, sent, R"({"info": {"end": "z", "more": "perhaps"}})"), "neither true nor false"));
    CHECK(contains(after_page("next=link,more=/more", "http://a/x", R"({"more": true})"), "it has no next link"));
    CHECK(after_page("next=/c,cursor=c,more=/left", "http://a/x", R"({"c": 2, "left": 12})") == "http://a/x?c=2");
}

TEST_CASE("pages are counted in the query or in the body, until one is empty") {
    const char* rule = "next=count,cursor=page,items=/items";
    CHECK(after_page(rule, "http://a/x?page=1&n=5", R"({"items": [1]})") == "http://a/x?n=5&page=2");
    CHECK(after_page(rule, "http://a/x?page=9", R"({"items": []})") == "over");
    CHECK(after_page(rule, "http://a/x?page=9", R"({"items": null})") == "over");
    CHECK(after_page(rule, "http://a/x?page=9", "{}") == "over");
    CHECK(contains(after_page(rule, "http://a/x?page=9", R"({"items": 7})"), "is no list"));
    CHECK(contains(after_page(rule, "http://a/x?page=9", "<html>"), "it is not JSON"));
    CHECK(after_page("next=count,cursor=offset,step=100,items=", "http://a/x?offset=0", "[{}]") ==
          "http://a/x?offset=100");
    CHECK(after_page("next=count,cursor=offset,step=100,items=", "http://a/x?offset=0", " [ ] ") == "over");
    CHECK(after_page("next=count,cursor=p,max_pages=3", "http://a/x?p=1", "<html>") == "http://a/x?p=2");
    CHECK(after_page("next=count,cursor=p,more=/more", "http://a/x?p=1", R"({"more": true})") == "http://a/x?p=2");
    const char* in_body = "next=count,into=/page,items=/items";
    CHECK(after_post(in_body, R"({"page": 1})", R"({"items": [1]})") == R"(POST http://a/q {"page": 2})");
    CHECK(after_post(in_body, R"({"page": "1"})", R"({"items": [1]})") == R"(POST http://a/q {"page": "2"})");
    CHECK(after_post("next=count,cursor=page,items=/items", "search", R"({"items": [1]})", "http://a/q?page=1") ==
          "POST http://a/q?page=2 search");
}

TEST_CASE("a request without a place for the cursor, or without a number, is not sent") {
    CHECK(contains(after_post("next=/c,into=/v/after", "{}", ""), "not sent: its body is not JSON with a place"));
    CHECK(contains(after_post("next=/c,into=/after", "a=b", ""), "not sent: its body is not JSON with a place"));
    CHECK(contains(after_post("next=/c,into=/0", "[]", ""), "not sent: its body is not JSON with a place"));
    CHECK(contains(after_post("next=count,into=/page,items=/i", "{}", ""), "no number to count from at /page"));
    for (const char* url : {"http://a/q", "http://a/q?page", "http://a/q?page=x", "http://a/q?page=1&page=2",
                            "http://a/q?page=-1", "http://a/q?page=99999999999999999999"}) {
        CAPTURE(url);
        CHECK(contains(after_post("next=count,cursor=page,items=/i", "{}", "", url),
                       "not sent: there is no number to count from: the URL needs page once, such as page=1"));
    }
}

TEST_CASE("a cursor that came before is a circle, in a body too") {
    PageTrail trail(*FollowRule::parse_flag("next=/c,into=/after").pages());
    http::Request request("POST", http::Url("http://a/q"));
    request.body = R"({"after": "a"})";
    FollowStep step = trail.after(request, answer(200), R"({"c": "b"})");
    REQUIRE(step.kind == FollowStep::Kind::repeat);
    step = trail.after(*step.request, answer(200), R"({"c": "a"})");
    CHECK(in_words(step) == R"(broken: the pages go in a circle: "a" at /after came before)");
}

TEST_CASE("a job is asked for where its first answer says") {
    const auto first = [](const char* rule, const char* method, const http::Response& response, const char* body = "") {
        const http::Request sent(method, "http://a/v1/jobs");
        return in_words(next_poll(*FollowRule::parse_flag(rule).poll(), sent, true, response, body));
    };
    CHECK(first("poll=location", "POST", answer(202, {{"Location", "/s/1"}})) == "http://a/s/1");
    CHECK(first("poll=location", "POST", answer(200)) == "over");
    CHECK(first("poll=location", "GET", answer(202)) == "http://a/v1/jobs");
    CHECK(contains(first("poll=location", "POST", answer(202)), "broken: the 202 has no Location"));
    CHECK(contains(first("poll=location", "POST", answer(202, {{"Location", "http://["}})), "can't be used"));
    CHECK(first("poll=/status:done", "POST", answer(201, {{"Location", "/s/1"}}), R"({"id": 1})") == "http://a/s/1");
    CHECK(first("poll=/status:done", "POST", answer(200), R"({"status": "done"})") == "over");
    CHECK(first("poll=/status:done", "GET", answer(200), R"({"status": "new"})") == "http://a/v1/jobs");
    CHECK(contains(first("poll=/status:done", "GET", answer(200), R"({"stat": 1})"), "no state at /status"));

    const char* by_pointer = R"({"poll": "/status", "until": "done", "at": "/urls/get"})";
    CHECK(first(by_pointer, "POST", answer(201, {{"Location", "/no"}}), R"({"urls": {"get": "/p/1"}})") ==
          "http://a/p/1");
    CHECK(contains(first(by_pointer, "POST", answer(201), R"({"urls": {}})"), "no URL at /urls/get"));
    const char* by_name = R"({"poll": "/status", "until": "done", "at": "/v1/jobs/{/id}/state?of={/id}"})";
    CHECK(first(by_name, "POST", answer(200), R"({"id": "a/b", "status": "new"})") ==
          "http://a/v1/jobs/a%2Fb/state?of=a%2Fb");
    CHECK(contains(first(by_name, "POST", answer(200), R"({"id": ".."})"), "no name at /id"));
    CHECK(contains(first(by_name, "POST", answer(200), R"({"id": null})"), "no name at /id"));
}

TEST_CASE("a job has ended when its status, or its state, says so") {
    const auto later = [](const char* rule, const http::Response& response, const char* body = "") {
        const http::Request sent("GET", "http://a/s/1");
        return in_words(next_poll(*FollowRule::parse_flag(rule).poll(), sent, false, response, body));
    };
    CHECK(later("poll=location", answer(202)) == "http://a/s/1");
    CHECK(later("poll=location", answer(202, {{"Location", "2"}})) == "http://a/s/2");
    CHECK(later("poll=location", answer(200, {{"Location", "2"}})) == "over");
    CHECK(later("poll=/status:ok,failed", answer(200), R"({"status": "running"})") == "http://a/s/1");
    CHECK(later("poll=/status:ok,failed", answer(200), R"({"status": null})") == "http://a/s/1");
    CHECK(later("poll=/status:ok,failed", answer(200), R"({"status": "failed"})") == "over");
    CHECK(later("poll=/done:true", answer(200), R"({"done": false})") == "http://a/s/1");
    CHECK(later("poll=/done:true", answer(200), R"({"done": true})") == "over");
    CHECK(later("poll=/progress:100", answer(200), R"({"progress": 100})") == "over");
    CHECK(later("poll=/progress:100", answer(200), R"({"progress": 1e2, "n": 1e400})") == "over");
    CHECK(later("poll=/progress:1e3", answer(200), R"({"progress": 1e3})") == "over");
    CHECK(later("poll=/progress:1", answer(200), R"({"progress": 1.0})") == "over");
    CHECK(later("poll=/progress:1", answer(200), R"({"progress": "1.0"})") == "http://a/s/1");
    CHECK(later("poll=/status:ok", answer(200), R"({"status": "\ud83d"})") == "http://a/s/1");
    CHECK(later("poll=/status:ok", answer(202), "") == "http://a/s/1");
    CHECK(contains(later("poll=/status:ok", answer(200), "<html>"), "broken: the answer has no state at /status"));
}

TEST_CASE("polls are as far apart as the server asks, or the rule says, or a tenth of the time so far") {
    PollRule rule;
    CHECK(poll_wait(rule, std::nullopt, 0s) == 1s);
    CHECK(poll_wait(rule, std::nullopt, 100s) == 10s);
    CHECK(poll_wait(rule, std::nullopt, 2h) == 30s);
    CHECK(poll_wait(rule, 90s, 2h) == 90s);
    rule.every = 5s;
    CHECK(poll_wait(rule, std::nullopt, 2h) == 5s);
    CHECK(poll_wait(rule, 90s, 2h) == 90s);
}
