#include "plait/http/proxy/no_proxy.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using plait::http::NoProxy;

namespace {

/// The entry of `list` that covers the host; empty: none.
std::string match(const char* list, const char* host, std::uint16_t port = 443) {
    const NoProxy rules(list);
    return std::string(rules.match(host, port).value_or(""));
}

}  // namespace

TEST_CASE("a name in NO_PROXY means itself and the names below it") {
    CHECK(match("example.com", "example.com") == "example.com");
    CHECK(match("example.com", "www.example.com") == "example.com");
    CHECK(match("example.com", "a.b.example.com") == "example.com");
    CHECK(match("example.com", "notexample.com") == "");
    CHECK(match("example.com", "example.com.evil") == "");
    CHECK(match("www.example.com", "example.com") == "");
    CHECK(match("com", "example.com") == "com");
}

TEST_CASE("a leading dot or star, case and a final dot in NO_PROXY make no difference") {
    for (const char* entry : {".example.com", "*.example.com", "EXAMPLE.com", "example.com.", ".Example.Com."}) {
        CAPTURE(entry);
        CHECK(match(entry, "example.com") == entry);
        CHECK(match(entry, "www.example.com") == entry);
        CHECK(match(entry, "www.example.com.") == entry);
        CHECK(match(entry, "notexample.com") == "");
    }
}

TEST_CASE("a star in NO_PROXY means every host, also among others") {
    for (const char* host : {"example.com", "127.0.0.1", "::1"}) {
        CHECK(match("*", host) == "*");
        CHECK(match("a.b, *", host) == "*");
    }
    CHECK(match("*:80", "example.com") == "");
    CHECK(match("*:443", "example.com") == "*:443");
}

TEST_CASE("entries of NO_PROXY are separated by commas and blanks") {
    for (const char* list : {"a.com,b.com", "a.com, b.com", "a.com b.com", " ,a.com,,\tb.com, "}) {
        CHECK(match(list, "a.com") == "a.com");
        CHECK(match(list, "b.com") == "b.com");
        CHECK(match(list, "com") == "");
    }
}

TEST_CASE("addresses and networks in NO_PROXY match addresses only") {
    CHECK(match("127.0.0.1", "127.0.0.1") == "127.0.0.1");
    CHECK(match("127.0.0.1", "127.0.0.10") == "");
    CHECK(match("127.0.0.0/8", "127.1.2.3") == "127.0.0.0/8");
    CHECK(match("127.0.0.0/8", "128.0.0.1") == "");
    CHECK(match("10.0.0.0/9", "10.127.0.1") == "10.0.0.0/9");
    CHECK(match("10.0.0.0/9", "10.128.0.1") == "");
    CHECK(match("0.0.0.0/0", "8.8.8.8") == "0.0.0.0/0");
    CHECK(match("0.0.0.0/0", "::1") == "");
    CHECK(match("0.0.0.0/0", "example.com") == "");
    CHECK(match("::1", "::1") == "::1");
    CHECK(match("[::1]", "::1") == "[::1]");
    CHECK(match("0:0:0:0:0:0:0:1", "::1") == "0:0:0:0:0:0:0:1");
    CHECK(match("fe80::/10", "febf::1") == "fe80::/10");
    CHECK(match("[fe80::]/10", "febf::1") == "[fe80::]/10");
    CHECK(match("0.1", "127.0.0.1") == "");  // the end of an address is no name above it
}

TEST_CASE("an entry of NO_PROXY with a port is for that port") {
    CHECK(match("example.com:8080", "example.com", 8080) == "example.com:8080");
    CHECK(match("example.com:8080", "example.com", 443) == "");
    CHECK(match("[::1]:8080", "::1", 8080) == "[::1]:8080");
    CHECK(match("[::1]:8080", "::1", 80) == "");
    CHECK(match("127.0.0.1:80", "127.0.0.1", 80) == "127.0.0.1:80");
}

TEST_CASE("only hosts that NO_PROXY names are reached directly") {
    for (const char* host : {"localhost", "127.0.0.1", "::1", ""}) CHECK(match("", host) == "");
    for (const char* entry :
         {".", "*.", "10.0.0.0/33", "10.0.0.0/x", "/var/run/docker.sock", "http://example.com", "[::1"})
        CHECK_MESSAGE(match(entry, "example.com") == "", entry);
}

TEST_CASE("entries of NO_PROXY that match nothing are named") {
    using Texts = std::vector<std::string_view>;
    const NoProxy good("a.b, .a.b, *.a.b, *, *:80, a.b:80, 10.0.0.1, 10.0.0.0/8, ::1, [::1]:80, fe80::/10, localhost");
    CHECK(good.unusable().empty());
    const NoProxy bad("10.0.0.0/99 a.b 10.0.0/8 http://a.b a.*.b a.b:99999 . ::1/129 [::1");
    CHECK(bad.unusable() ==
          Texts{"10.0.0.0/99", "10.0.0/8", "http://a.b", "a.*.b", "a.b:99999", ".", "::1/129", "[::1"});
}
