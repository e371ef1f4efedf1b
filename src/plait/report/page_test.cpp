#include "plait/report/page.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace plait::report {

using namespace std::chrono_literals;

namespace {

Timeline timeline_of_one(std::string name, std::string method = "async") {
    Span span;
    span.name = std::move(name);
    span.line = 1;
    span.result = "200";
    span.length = 90ms;
    span.segments = {{trace::Activity::running, 1ms}, {trace::Activity::first_byte, 89ms}};
    Lane lane;
    lane.name = "loop";
    lane.kind = "loop";
    Timeline timeline;
    timeline.method = std::move(method);
    timeline.lanes = {lane};
    timeline.spans = {span};
    timeline.length = 90ms;
    return timeline;
}

std::size_t count(std::string_view text, std::string_view word) {
    std::size_t found = 0;
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) ++found;
    return found;
}

std::string_view data_of(std::string_view html) {
    constexpr std::string_view open = R"(id="data">)";
    const auto begin = html.find(open) + open.size();
    return html.substr(begin, html.find("</script>", begin) - begin);
}

}  // namespace

TEST_CASE("a page is one file that refers to no other") {
    const std::string html = page({timeline_of_one("row-1")}, "", "It waits.");
    CHECK(html.starts_with("<!doctype html>"));
    CHECK(html.find("default-src 'none'") != std::string::npos);
    CHECK(count(html, " src=") == 0);
    CHECK(count(html, "<link") == 0);
    CHECK(count(html, "url(") == 0);
    CHECK(count(html, "@import") == 0);
    CHECK(count(html, "{{") == 0);
}

TEST_CASE("no text of a timeline can end a script or become an element") {
    const std::string bad = "</script><script>alert(1)</script><!-- \" ' & \xE2\x80\xA8 {{data}}";
    const std::string good_page = page({timeline_of_one("row-1")}, "", "");
    const std::string bad_page = page({timeline_of_one(bad, bad)}, bad, "");
    CHECK(count(bad_page, "</script") == count(good_page, "</script"));
    CHECK(count(bad_page, "<!--") == count(good_page, "<!--"));
    CHECK(count(bad_page, "alert(1)") == 0);
    CHECK(data_of(bad_page).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") ==
          std::string_view::npos);
}

TEST_CASE("an explanation is in the page as text") {
    const std::string html = page({}, "", "1 < 2 & \"3\" > {{data}}");
    CHECK(html.find("1 &lt; 2 &amp; &quot;3&quot; &gt; {{data}}") != std::string::npos);
}

TEST_CASE("each kind of activity has a colour and a name in the page") {
    const std::string html = page({}, "", "");
    for (const trace::ActivityName& activity : trace::activity_names) {
        CAPTURE(activity.name);
        CHECK(html.find("{ name: \"" + std::string{activity.name} + "\"") != std::string::npos);
    }
}

TEST_CASE("the data is the numbers and texts one after another") {
    // The layout's version, twelve activities with their names, no comparison, no timeline.
    const std::string html = page({}, "", "");
    const std::string_view data = data_of(html);
    CHECK(data.starts_with("AgwHcnVubmluZwVyZWFkeQ"));  // 2, 12, "running", "ready", ...
    const std::string with_comparison = page({}, "{}", "");
    CHECK(data_of(with_comparison) != data);
    CHECK(data_of(with_comparison).size() - data.size() <= 4);
}

TEST_CASE("each of many segments takes two or three bytes in the page") {
    auto timeline = timeline_of_one("row-1");
    const std::size_t before = page({timeline}, "", "").size();
    for (int i = 0; i < 3000; ++i) timeline.spans[0].segments.push_back({trace::Activity::body, 100us});
    const std::size_t after = page({timeline}, "", "").size();
    CHECK(after - before < 3000 * 3 * 4 / 3);
    CHECK(after - before > 3000);
}

}  // namespace plait::report
