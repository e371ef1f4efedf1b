#include "plait/convert/request/tree.hpp"

#include <doctest/doctest.h>

using namespace plait::convert;

TEST_CASE("JSON becomes a tree, in which a missing value is a value") {
    const Tree tree = read_json(R"({"a": [1.50, "x\"\u00e9\ud83d\ude00\/", true, null], "b": 1, "b": 2})");
    CHECK(tree["a"].items()[0].text() == "1.50");
    CHECK(tree["a"].items()[1].text() == "x\"\xc3\xa9\U0001f600/");
    CHECK(tree["a"].items()[2].is_true());
    CHECK_FALSE(tree["a"].items()[3].has_value());
    CHECK(tree["b"].text() == "2");
    CHECK(tree["c"]["d"].is(Tree::Kind::missing));
    CHECK(read_json(R"("\ud83d.\udc00")").text() == "\xef\xbf\xbd.\xef\xbf\xbd");
}

TEST_CASE("a file that is not one JSON document is refused") {
    for (const char* text : {"", "{", "[1", "1,2", "tru", "\"\\x\"", "{\"a\" 1}", "1],[2"}) {
        CAPTURE(text);
        CHECK_THROWS(read_json(text));
    }
    CHECK_THROWS(read_json(std::string(1000, '[') + std::string(1000, ']')));
}
