#include "plait/batch/follow/follow_rule.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <functional>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

/// "pages /next cursor=after most=5" or "poll /status until=a,b at=/url every=2000"
std::string in_words(const FollowRule& rule) {
    std::string text;
    if (const PageRule* pages = rule.pages()) {
        text = "pages " + (pages->counts ? "count" : pages->pointer.empty() ? "link" : pages->pointer);
        if (!pages->cursor.empty()) text += " cursor=" + pages->cursor;
        if (!pages->into.empty()) text += " into=" + pages->into;
        if (!pages->more.empty()) text += " more=" + pages->more;
        if (pages->items) text += " items=" + *pages->items;
        if (pages->step != 1) text += " step=" + std::to_string(pages->step);
        if (pages->most) text += " most=" + std::to_string(*pages->most);
        return text;
    }
    const PollRule& poll = *rule.poll();
    text = "poll " + (poll.pointer.empty() ? "location" : poll.pointer);
    for (const std::string& value : poll.until) text += " until=" + value;
    if (!poll.at.empty()) text += " at=" + poll.at;
    if (poll.every) text += " every=" + std::to_string(*poll.every / 1ms);
    return text;
}

std::string error_of(const std::function<void()>& parse) {
    try {
        parse();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a rule is JSON in a line") {
    const auto parsed = [](const char* json) { return in_words(FollowRule::parse(json)); };
    CHECK(parsed(R"({"next": "link"})") == "pages link");
    CHECK(parsed(R"({"next": "/meta/next", "max_pages": 5})") == "pages /meta/next most=5");
    CHECK(parsed(R"({"next": "/a~1b", "cursor": "after"})") == "pages /a~1b cursor=after");
    CHECK(parsed(R"({"next": "/c", "into": "/v/after", "more": "/has_more"})") ==
          "pages /c into=/v/after more=/has_more");
    CHECK(parsed(R"({"next": "count", "cursor": "offset", "step": 100, "items": ""})") ==
          "pages count cursor=offset items= step=100");
    CHECK(parsed(R"({"poll": "location", "every_s": 2})") == "poll location every=2000");
    CHECK(parsed(R"({"poll": "/status", "until": ["ok", 3 , true], "at": "/url"})") ==
          "poll /status until=ok until=3 until=true at=/url");
    CHECK(parsed(R"({"poll": "/done", "until": true, "at": "/v1/{/id}"})") == "poll /done until=true at=/v1/{/id}");
}

TEST_CASE("a rule without meaning is refused, with a hint what to write") {
    const auto refused = [](const char* json, const char* part) {
        const std::string message = error_of([json] { FollowRule::parse(json); });
        CAPTURE(message);
        CHECK(message.find(part) != std::string::npos);
    };
    refused("{}", R"(give either "next" (pages) or "poll" (a job))");
    refused(R"({"next": "link", "poll": "location"})", R"(give either "next")");
    refused(R"({"next": "meta"})", R"("next" is "link", "count" or a JSON Pointer such as /meta/next, not 'meta')");
    refused(R"({"next": "/a~2"})", "JSON Pointer");
    refused(R"({"next": "link", "cursor": "c"})", R"("cursor" needs a JSON Pointer)");
    refused(R"({"next": "link", "until": "x"})", R"("until" belongs to "poll")");
    refused(R"({"next": "link", "max_pages": 0})", "max_pages");
    refused(R"({"poll": "/status"})", R"("poll" needs "until")");
    refused(R"({"poll": "location", "until": "x"})", R"("until" needs a JSON Pointer)");
    refused(R"({"poll": "/status", "until": []})", "would never end");
    refused(R"({"poll": "/status", "until": [{}]})", "a text, a number, true, false");
    refused(R"({"poll": "location", "max_pages": 2})", R"("max_pages" belongs to "next")");
    refused(R"({"next": "link", "into": "/a"})", R"("into" needs a JSON Pointer)");
    refused(R"({"next": "/n", "into": "/a", "cursor": "b"})", R"(give either "cursor")");
    refused(R"({"next": "/n", "into": "a"})", R"("into" is a JSON Pointer such as /variables/after, not 'a')");
    refused(R"({"next": "/n", "more": "a"})", R"("more" is a JSON Pointer such as /has_more, not 'a')");
    refused(R"({"next": "/n", "items": "a"})", R"("items" is "" or a JSON Pointer such as /items, not 'a')");
    refused(R"({"next": "/n", "step": 2})", R"("step" belongs to "next": "count")");
    refused(R"({"next": "count"})", R"("count" needs "cursor")");
    refused(R"({"next": "count", "cursor": "page"})", R"("count" needs an end)");
    refused(R"({"next": "count", "cursor": "page", "items": "", "step": 0})", "step");
    refused(R"({"poll": "location", "into": "/a"})", R"("into" belongs to "next")");
    refused(R"({"nxt": "link"})", R"(did you mean "next"?)");
    refused(R"(["link"])", R"(it must be an object such as {"next": "link"})");
    refused(R"({"poll": "/status", "until": ""})", R"("until" has an empty text)");
    refused(R"({"poll": "/status", "until": ["a", ""]})", R"("until" has an empty text)");
    refused(R"({"poll": "location", "at": "garbage"})", "not 'garbage': it has no braces");
    refused(R"({"poll": "location", "at": "/x/{id}"})", "'id' in braces is no pointer");
    refused(R"({"poll": "location", "at": "/x/{}"})", "'' in braces is no pointer");
    refused(R"({"poll": "location", "at": "/x/{/id"})", "a brace is not closed");
    refused(R"({"poll": "location", "at": "/x/{/id}}"})", "has '}' at byte");
    refused(R"({"poll": "location", "at": "http://[{/id}]/"})", "IPv6");
}

TEST_CASE("a rule is short in a flag") {
    const auto parsed = [](const char* text) { return in_words(FollowRule::parse_flag(text)); };
    CHECK(parsed("next=link") == "pages link");
    CHECK(parsed("next=/meta/next") == "pages /meta/next");
    CHECK(parsed("next=/meta/next,cursor=after") == "pages /meta/next cursor=after");
    CHECK(parsed("next=link,max_pages=5") == "pages link most=5");
    CHECK(parsed("next=/a,b/c,into=/v/after,more=/m") == "pages /a,b/c into=/v/after more=/m");
    CHECK(parsed("next=count,cursor=offset,step=100,items=/data") == "pages count cursor=offset items=/data step=100");
    CHECK(parsed("next=count,into=/page,items=") == "pages count into=/page items=");
    CHECK(error_of([] { FollowRule::parse_flag("next=/a,curser=b"); }) ==
          R"(unknown field "curser", did you mean "cursor"?)");
    CHECK(parsed("poll=location") == "poll location");
    CHECK(parsed("poll=/status:succeeded,failed") == "poll /status until=succeeded until=failed");
    CHECK(parsed(R"({"poll": "location", "every_s": 1})") == "poll location every=1000");
    for (const char* wrong : {"link", "next", "next=", "next=x", "next=/a,cursor=", "next=count,cursor=p,step=x,items=",
                              "next=count", "poll=/status", "poll=/status:", "poll=/status:a,,b", "poll=location:x"}) {
        CAPTURE(wrong);
        CHECK_FALSE(error_of([wrong] { FollowRule::parse_flag(wrong); }).empty());
    }
}

TEST_CASE("the text of a rule is the rule again") {
    for (const char* json :
         {R"({"next":"link"})", R"({"next":"/a","cursor":"c","max_pages":3})", R"({"poll":"location"})",
          R"({"next":"/a","into":"/b/c","more":"/m"})", R"({"next":"count","cursor":"p","items":"","step":5})",
          R"({"poll":"/s","until":["a","b"],"at":"/{/id}","every_s":1.5})"}) {
        CHECK(FollowRule::parse(json).text() == json);
    }
}
