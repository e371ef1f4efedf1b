#include "plait/http/message/headers.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::http;

namespace {

std::string refusal_of(std::string_view name, std::string_view value) {
    Headers headers;
    try {
        headers.add(name, value);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        CHECK(headers.empty());
        return error.what();
    }
    return "taken";
}

std::vector<std::pair<std::string, std::string>> listed(const Headers& headers) {
    std::vector<std::pair<std::string, std::string>> list;
    for (const Header header : headers) list.emplace_back(header.name, header.value);
    return list;
}

}  // namespace

TEST_CASE("headers keep their order and their spelling") {
    const Headers headers{{"B-Second", "2"}, {"a-first", "1"}, {"b-second", "3"}};
    CHECK(listed(headers) ==
          std::vector<std::pair<std::string, std::string>>{{"B-Second", "2"}, {"a-first", "1"}, {"b-second", "3"}});
}

TEST_CASE("a header is found by its name without regard to case") {
    const Headers headers{{"Content-Type", "text/plain"}, {"Set-Cookie", "a"}, {"set-cookie", "b"}};
    CHECK(headers.get("content-type") == "text/plain");
    CHECK(headers.contains("CONTENT-TYPE"));
    CHECK(headers.get("Set-Cookie") == "a");
    CHECK(headers.get_all("Set-Cookie") == std::vector<std::string_view>{"a", "b"});
    CHECK_FALSE(headers.get("Content").has_value());
}

TEST_CASE("setting a header leaves one of that name, even when its value comes from the same headers") {
    Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
    headers.set("A", *headers.get("B"));
    CHECK(listed(headers) == std::vector<std::pair<std::string, std::string>>{{"B", "2"}, {"A", "2"}});
}

TEST_CASE("removing a header returns the number of fields removed") {
    Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
    CHECK(headers.remove("a") == 2);
    CHECK(headers.remove("a") == 0);
    CHECK(listed(headers) == std::vector<std::pair<std::string, std::string>>{{"B", "2"}});
}

TEST_CASE("a refused value leaves the earlier one") {
    Headers headers{{"A", "1"}};
    CHECK_THROWS_AS(headers.set("A", "x\r\ny"), Error);
    CHECK(headers.get("A") == "1");
}

TEST_CASE("white space around a value is dropped, and inside it is kept") {
    const Headers headers{{"A", " \t one \t two\t "}, {"B", "  "}};
    CHECK(headers.get("A") == "one \t two");
    CHECK(headers.get("B") == "");
}

TEST_CASE("a header value can't start another header") {
    CHECK(refusal_of("X-Tenant", "a\r\nHost: evil") ==
          "header 'X-Tenant': the value has a carriage return at byte 2; it would not stay one header");
    CHECK(refusal_of("X-Tenant", "a\nb") ==
          "header 'X-Tenant': the value has a line feed at byte 2; it would not stay one header");
    CHECK(refusal_of("X-Tenant", std::string_view("\0b", 2)) ==
          "header 'X-Tenant': the value has a NUL at byte 1; it would not stay one header");
    CHECK(refusal_of("X-Tenant", "\x7f") ==
          "header 'X-Tenant': the value has a control character at byte 1; it would not stay one header");
}

TEST_CASE("a refused value is not repeated in the message") {
    CHECK(refusal_of("Authorization", "Bearer secret\n").find("secret") == std::string::npos);
}

TEST_CASE("a header name is a token") {
    CHECK(refusal_of("", "a") == "a header has an empty name");
    CHECK(refusal_of("X Tenant", "a") == "header 'X Tenant': a name has only letters, digits and !#$%&'*+-.^_`|~");
    CHECK(refusal_of("X:", "a").starts_with("header 'X:'"));
    CHECK(refusal_of("X\r\n", "a").starts_with("header 'X\\x0d\\x0a'"));
    CHECK(refusal_of("N\xc3\xa4me", "a").starts_with("header 'N\\xc3\\xa4me'"));
}

TEST_CASE("bytes outside ASCII are allowed in a value") { CHECK(refusal_of("A", "caf\xc3\xa9") == "taken"); }

TEST_CASE("a token has exactly the bytes that RFC 9110 allows") {
    const std::string_view others = "!#$%&'*+-.^_`|~0123456789";
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool expected =
            others.find(c) != std::string_view::npos || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        CHECK_MESSAGE(is_token({&c, 1}) == expected, byte);
    }
}
