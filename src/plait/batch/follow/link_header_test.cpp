#include "plait/batch/follow/link_header.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::batch;

namespace {

std::string next_of(std::string_view field) {
    http::Headers headers;
    headers.add("Link", field);
    return link_target(headers, "next").value_or("none");
}

}  // namespace

TEST_CASE("the link with the relation is found, however it is written") {
    struct Row {
        const char* field;
        const char* next;
    };
    const Row rows[] = {
        {R"(</items?page=2>; rel="next")", "/items?page=2"},
        {R"(<https://a/1>; rel="prev", <https://a/3>; rel="next")", "https://a/3"},
        {R"(<https://a/?q=a,b;c>; rel=next)", "https://a/?q=a,b;c"},
        {R"(<?page=2>;REL="Next")", "?page=2"},
        {R"(<a>; rel="last next")", "a"},
        {R"(<a> ; title="x, <b>; rel=\"next\"" ; rel="prev", <c>; rel="next")", "c"},
        {R"(<a>; rel="prev"; rel="next")", "none"},
        {R"(<a>; rel="nextpage")", "none"},
        {R"(<a>)", "none"},
        {R"(<a; rel="next")", "none"},
        {R"(nonsense)", "none"},
        {R"(, <a>; rel; title=x, <b>; rel="next")", "b"},
        {R"(<>; rel="next")", ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.field);
        CHECK(next_of(row.field) == row.next);
    }
}

TEST_CASE("all Link fields are read") {
    http::Headers headers;
    headers.add("Link", "<a>; rel=prev");
    headers.add("link", "<b>; rel=next");
    CHECK(link_target(headers, "next") == "b");
    CHECK_FALSE(link_target(http::Headers(), "next"));
}
