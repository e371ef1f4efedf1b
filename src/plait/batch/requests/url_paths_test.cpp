#include "plait/batch/requests/url_paths.hpp"

#include <doctest/doctest.h>

using namespace plait::batch;

namespace {

std::string joined(std::string_view base, std::string_view url, bool is_joined_once) {
    const JoinedUrl both = join_urls(base, url);
    CHECK(both.is_joined_once == is_joined_once);
    return both.text;
}

}  // namespace

TEST_CASE("a path is appended to the base URL, with one slash between them") {
    for (const char* base : {"https://h/v1", "https://h/v1/"}) {
        CHECK(joined(base, "/items", false) == "https://h/v1/items");
        CHECK(joined(base, "items?a=b", false) == "https://h/v1/items?a=b");
        CHECK(joined(base, "?a=b", false) == "https://h/v1?a=b");
    }
    CHECK(joined("https://h", "/v1/items", false) == "https://h/v1/items");
}

TEST_CASE("the path of the base URL is used once when the line has it, too") {
    CHECK(joined("https://h/v1", "/v1/chat/completions", true) == "https://h/v1/chat/completions");
    CHECK(joined("https://h/v1/", "v1/chat", true) == "https://h/v1/chat");
    CHECK(joined("https://h/v1", "/v1?a=/v1/v1", true) == "https://h/v1?a=/v1/v1");
    CHECK(joined("http://h:1/a/b", "/a/b/c", true) == "http://h:1/a/b/c");
    CHECK(joined("https://h/openai/v1", "/v1/chat", true) == "https://h/openai/v1/chat");
    CHECK(joined("https://h/v1/projects", "/v1/projects/2", true) == "https://h/v1/projects/2");
}

TEST_CASE("paths that only look alike are both used") {
    CHECK(joined("https://h/v1", "/v1beta/x", false) == "https://h/v1/v1beta/x");
    CHECK(joined("https://h/v1", "/v2/x", false) == "https://h/v1/v2/x");
    CHECK(joined("https://h/api/users", "/users/1", false) == "https://h/api/users/users/1");
    CHECK(joined("https://h/v1", "/items/v1", false) == "https://h/v1/items/v1");
    CHECK(joined("https://v1", "/v1/x", false) == "https://v1/v1/x");
}

TEST_CASE("a path looks doubled when a part with a version or api is repeated") {
    CHECK(doubled_part("/v1/v1/chat") == "/v1/v1");
    CHECK(doubled_part("/x/api/v2/api/v2/items") == "/api/v2/api/v2");
    CHECK(doubled_part("/api/api") == "/api/api");
    for (const char* path : {"", "/", "//", "/v1/chat", "/v1/v2", "/rails/rails", "/a/b/a/b", "/v1/x/v1", "/2/2/"}) {
        CHECK_MESSAGE(doubled_part(path).empty(), path);
    }
}
