#include "plait/json/value.hpp"

#include <doctest/doctest.h>

using namespace plait::json;

TEST_CASE("JSON with line breaks loses the white space between its tokens and nothing else") {
    CompactValue line;
    CHECK(line.make("{ \"a b\" : [ 1, 2.50 ,\n true, null ] }\r\n") == R"({"a b":[1,2.50,true,null]})");
}

TEST_CASE("JSON on one line stays as it is") {
    CompactValue line;
    CHECK(line.make("{ \"a\": 1 }") == "{ \"a\": 1 }");
    CHECK(line.make(" \"x\\u00e9\\ud800\"") == R"( "x\u00e9\ud800")");
    CHECK(line.make("-0.0e+10") == "-0.0e+10");
    CHECK(line.make("false") == "false");
    CHECK(line.make("[]") == "[]");
}

TEST_CASE("a byte order mark is not part of the JSON after it") {
    CompactValue line;
    CHECK(line.make("\xef\xbb\xbf{\"a\":1}") == "{\"a\":1}");
    CHECK(line.make("\xef\xbb\xbf[1,\n2]") == "[1,2]");
    CHECK_FALSE(line.make("\xef\xbb\xbf\xef\xbb\xbf[]"));
    CHECK_FALSE(line.make("\xef\xbb\xbf"));
    LoneValue value;
    CHECK(value.assign("\xef\xbb\xbf\"x\""));
    CHECK(value.read().get_string().value() == "x");
}

TEST_CASE("a number that fits no C++ type is still JSON") {
    CompactValue line;
    CHECK(line.make("123456789012345678901234567890") == "123456789012345678901234567890");
    CHECK(line.make("[1e999]") == "[1e999]");
}

TEST_CASE("JSON that strict readers refuse is noted") {
    CompactValue line;
    const auto oddities = [&](const std::string& text) {
        CAPTURE(text);
        REQUIRE(line.make(text));
        return line.oddities();
    };
    CHECK(oddities(R"("\ud83d")").lone_surrogate);
    CHECK(oddities(R"({"a":["x\uDE00y"]})").lone_surrogate);
    CHECK(oddities(R"("\ud83d\ud83d\ude00")").lone_surrogate);
    CHECK(oddities(R"("\ud83dx\ude00")").lone_surrogate);
    CHECK_FALSE(oddities(R"("\ud83d\ude00\u00e9\\ud83d")").lone_surrogate);

    CHECK(oddities(R"({"a":1,"b":{"c":2},"\u0061":3})").repeated_name);
    CHECK(oddities(R"([{"x":{"a":1,"a":2}}])").repeated_name);
    CHECK_FALSE(oddities(R"({"a":{"a":{"b":1}},"b":[{"a":1},{"a":2}],"A":1})").repeated_name);

    CHECK(oddities(std::string(101, '[') + std::string(101, ']')).too_deep);
    CHECK_FALSE(oddities(std::string(100, '[') + '1' + std::string(100, ']')).too_deep);

    for (const char* large :
         {"1e400", "-1E+309", "18446744073709551616", "-9223372036854775809", "1234567890123456789012"})
        CHECK(oddities(large).large_number);
    for (const char* usual : {"1e308", "1e-400", "18446744073709551615", "-9223372036854775808",
                              "0.12345678901234567890123", "1234567890123456789012.5", "-0"})
        CHECK_FALSE(oddities(usual).large_number);
    CHECK_FALSE(oddities("{}").large_number);
}

TEST_CASE("invalid JSON is refused, wherever the fault is") {
    CompactValue line;
    for (std::string text : {"",
                             " ",
                             "{",
                             "[1,]",
                             "{\"a\":1,}",
                             "{\"a\" 1}",
                             "{\"a\":tru}",
                             "[01]",
                             "[1.]",
                             "[.5]",
                             "[+1]",
                             "[1e]",
                             "[-]",
                             "nul",
                             "nullx",
                             "'a'",
                             "\"a",
                             "\"\\x\"",
                             "\"\\u12g4\"",
                             "\"a\nb\"",
                             "{1:2}",
                             "1 2",
                             "1,2",
                             "1],[2",
                             "]",
                             "[1]]",
                             "{\"a\":{\"b\":[{}, {\"c\":}]}}",
                             "{\"a\":1 \"b\":2}",
                             "\xff",
                             "\"\xff\"",
                             "\"\x01\"",
                             "[\"a\" \"b\"]",
                             "}{"}) {
        CAPTURE(text);
        CHECK_FALSE(line.make(text));
    }
}

TEST_CASE("JSON that is nested too deeply is refused") {
    CompactValue line;
    CHECK(line.make(std::string(400, '[') + std::string(400, ']')));
    CHECK_FALSE(line.make(std::string(100'000, '[') + std::string(100'000, ']')));
}
