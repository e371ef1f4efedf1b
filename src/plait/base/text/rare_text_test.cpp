#include "plait/base/text/rare_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

using namespace plait;

TEST_CASE("a rare text is a text, and a pointer while it is empty") {
    CHECK(sizeof(RareText) == sizeof(void*));
    RareText text;
    CHECK(text.empty());
    CHECK(text == "");
    CHECK(text == RareText(""));

    text = "some";
    CHECK_FALSE(text.empty());
    CHECK(text == "some");
    CHECK(std::string(text) == "some");
    CHECK(text == "some");

    text.clear();
    CHECK(text.empty());
}

TEST_CASE("a copy of a rare text is a text of its own, and a move leaves nothing behind") {
    RareText text(std::string("one"));
    RareText copy = text;
    text = std::string_view("another");
    CHECK(copy == "one");

    copy = text;
    CHECK(copy == "another");
    copy = *&copy;  // of itself
    CHECK(copy == "another");

    const RareText moved = std::move(text);
    CHECK(moved == "another");
    CHECK(text.empty());  // NOLINT: what a move leaves is promised
}
