#include "plait/convert/curl/url_globs.hpp"

#include <doctest/doctest.h>

using namespace plait::convert;

using Urls = std::vector<std::string>;

TEST_CASE("globs stand for URLs, the last one varying fastest") {
    CHECK(expand_globs("http://a/") == Urls{"http://a/"});
    CHECK(expand_globs("{a,b}[1-2]") == Urls{"a1", "a2", "b1", "b2"});
    CHECK(expand_globs("[08-10]x") == Urls{"08x", "09x", "10x"});
    CHECK(expand_globs("[1-6:2]") == Urls{"1", "3", "5"});
    CHECK(expand_globs("[a-e:2]") == Urls{"a", "c", "e"});
    CHECK(expand_globs("{,x}") == Urls{"", "x"});
    CHECK(expand_globs("[18446744073709551614-18446744073709551615:2]").size() == 1);
}

TEST_CASE("an escaped bracket and an address are no globs") {
    CHECK(expand_globs("a\\[1\\]\\{\\}") == Urls{"a[1]{}"});
    CHECK(expand_globs("http://[::1]:80/") == Urls{"http://[::1]:80/"});
}

TEST_CASE("options that curl refuses are refused, and so are too many") {
    for (const char* url :
         {"[1-", "[2-1]", "[1-x]", "[]", "a]", "b}", "{a", "[1-2:0]", "[0-99999999999]", "[1-2000][1-2000]"}) {
        CAPTURE(url);
        CHECK_THROWS(expand_globs(url));
    }
}
