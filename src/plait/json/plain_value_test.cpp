#include "plait/json/plain_value.hpp"

#include "plait/json/value.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace plait::json;

namespace {

/// Whether the whole check takes the text for one value on one line that any reader takes.
bool is_value(const std::string& text) {
    LoneValue value;
    Oddities oddities;
    if (text.find_first_of("\r\n") != std::string::npos || !value.assign(text, &oddities)) return false;
    return !oddities.lone_surrogate && !oddities.repeated_name && !oddities.too_deep && !oddities.large_number;
}

}  // namespace

TEST_CASE("the values in most answers are plain") {
    for (const char* text : {"{}", "[]", " [ ] ", R"({"id":1,"name":"plait","tags":["a","b"],"ok":true,"next":null})",
                             R"({"a":{"b":[{"c":-0.5},{"c":12.25}]},"":false})", "0", "-1", "\"\"", "true",
                             R"(["a long text with \"escapes\"\n and a backslash \\ at its end \\"])", "[1 ,\t2 ]",
                             "123456789012345678"}) {
        CHECK_MESSAGE(is_plain_value(text), text);
        CHECK_MESSAGE(is_value(text), text);
    }
}

TEST_CASE("a value that is no JSON, has oddities or is unusual is not plain") {
    for (const char* text : {"",
                             " ",
                             "{",
                             "[",
                             "\"",
                             "\"\\",
                             "\"\\\"",
                             "{\"a\"}",
                             "{\"a\":}",
                             "{\"a\":1,}",
                             "{,}",
                             "[1,]",
                             "[,1]",
                             "[1 2]",
                             "[1]]",
                             "[]{}",
                             "{\"a\":1 \"b\":2}",
                             "{a:1}",
                             "{1:2}",
                             "01",
                             "-01",
                             "-",
                             "1.",
                             ".5",
                             "+1",
                             "1e5",
                             "--1",
                             "1234567890123456789",
                             "tru",
                             "truex",
                             "nul",
                             "nullnull",
                             "\"\\x\"",
                             "\"\\u0041\"",
                             "\"\t\"",
                             "\"\x7f\"",
                             "[1,\n2]",
                             "{\"a\":1,\"a\":2}",
                             "{\"a\\\"\":1}",
                             "\"\xc3\xa9\"",
                             "\xef\xbb\xbf[]",
                             "'a'",
                             "[1]\x0b"}) {
        CHECK_MESSAGE(!is_plain_value(text), text);
    }
    CHECK_FALSE(is_plain_value(std::string(20, '[') + std::string(20, ']')));
    CHECK_FALSE(is_plain_value('"' + std::string(5000, 'a') + '"'));
    CHECK_FALSE(is_plain_value(std::string_view("[1\0]", 4)));
}

TEST_CASE("the whole check takes each plain value") {
    const std::string seed =
        R"({"id": 10,"name":"pl\"ait","v":-4.25,"tags":["a","b",[]],"t":true,"n":null,"o":{"id":0}})";
    const std::string bytes = "{}[]\",:\\0123456789.-eE \t\ntruefalsn/\x7f\xc3\xa9";
    std::mt19937 random(7);  // NOLINT: the same texts in each run
    int plain = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string text = seed;
        for (auto changes = random() % 3 + 1; changes > 0; --changes) {
            const auto at = random() % text.size();
            const char byte = bytes[random() % bytes.size()];
            if (random() % 3 == 0) {
                text.erase(at, random() % 4);
            } else if (random() % 2 == 0) {
                text[at] = byte;
            } else {
                text.insert(at, 1, byte);
            }
        }
        if (!is_plain_value(text)) continue;
        ++plain;
        REQUIRE_MESSAGE(is_value(text), text);
    }
    CHECK(plain > 1000);
}
