#include "plait/report/svg_picture.hpp"

#include "plait/report/internal/timelines_for_tests.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace plait;
using namespace plait::report;
using namespace plait::report::internal;
using namespace std::chrono_literals;
using trace::Activity;

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("the picture has a title, a description, and each activity at its pixels") {
    const Timeline timeline =
        make_timeline("sync", 1, {make_span("a", 0ms, {{Activity::running, 50ms}, {Activity::first_byte, 50ms}})});
    const std::string svg = svg_picture({timeline}, "It waits.");
    CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(has(svg, "<title id=\"title\">Calls over time: sync</title>"));
    CHECK(has(svg, ">1 call, 100 ms, one at a time<"));
    CHECK(has(svg, "<desc id=\"desc\">It waits.</desc>"));
    CHECK(has(svg, "prefers-color-scheme:dark"));
    CHECK(has(svg, "<path class=\"r\" d=\"M126 41h429v14h-429z\"/>"));
    CHECK(has(svg, "<path class=\"a\" d=\"M555 41h429v14h-429z\"/>"));
}

TEST_CASE("names can't become elements") {
    Timeline timeline = make_timeline("async", 2, {make_span("a", 0ms, {{Activity::body, 50ms}})});
    timeline.method = "</title><script>alert(\"1\")</script>&";
    timeline.lanes[0].name = "<b>\x01";
    timeline.loop_runs = {{0, 0ms, 1ms}};
    const std::string svg = svg_picture({timeline}, "</desc><script>");
    CHECK_FALSE(has(svg, "<script"));
    CHECK_FALSE(has(svg, "<b>"));
    CHECK_FALSE(has(svg, "\x01"));
    CHECK(has(svg, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;"));
}

TEST_CASE("the size of the picture does not grow with the number of calls") {
    std::vector<Span> spans;
    for (std::uint32_t i = 0; i < 50'000; ++i) {
        spans.push_back(
            make_span("a", std::chrono::microseconds(i), {{Activity::body, 100us}, {Activity::tls, 7us}}, 0, i % 1000));
    }
    CHECK(svg_picture({make_timeline("async", 1000, std::move(spans))}, "").size() < 2'000'000);
}

TEST_CASE("a picture of an empty timeline can be drawn") { CHECK(has(svg_picture({Timeline()}, ""), "</svg>")); }
