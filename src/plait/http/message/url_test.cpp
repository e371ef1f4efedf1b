#include "plait/http/message/url.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace plait;
using namespace plait::http;
using namespace std::string_view_literals;

namespace {

std::string refusal_of(std::string_view text) {
    try {
        const Url url(text);
        return "taken as " + url.text();
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
}

}  // namespace

TEST_CASE("a URL has the parts that a request needs") {
    const Url url("HTTPS://API.Example:8443/v1/it%20ems?x=1&y=%2F#part");
    CHECK(url.text() == "https://api.example:8443/v1/it%20ems?x=1&y=%2F");
    CHECK(url.scheme() == "https");
    CHECK(url.is_https());
    CHECK(url.origin() == "https://api.example:8443");
    CHECK(url.authority() == "api.example:8443");
    CHECK(url.host() == "api.example");
    CHECK(url.port() == 8443);
    CHECK(url.target() == "/v1/it%20ems?x=1&y=%2F");
}

TEST_CASE("a default port and an empty path may be left out") {
    CHECK(Url("http://a.example") == Url("http://A.example:80/"));
    CHECK(Url("https://a.example:443") == Url("https://a.example:/"));
    CHECK(Url("http://a.example?q").target() == "/?q");
    CHECK(Url("http://a.example:443").authority() == "a.example:443");
    CHECK(Url("http://a.example#x").target() == "/");
}

TEST_CASE("an IPv6 address has brackets in a URL and none as a host") {
    const Url url("http://[2001:DB8::1]:8080/x");
    CHECK(url.host() == "2001:db8::1");
    CHECK(url.authority() == "[2001:db8::1]:8080");
    CHECK(url.port() == 8080);
    CHECK(Url("http://[::1]").host() == "::1");
}

TEST_CASE("dots and double slashes in a path are kept") { CHECK(Url("http://a//b/../c/;d").target() == "//b/../c/;d"); }

TEST_CASE("brackets in a query are accepted unencoded") { CHECK(Url("http://a/?id[]=1").target() == "/?id[]=1"); }

TEST_CASE("characters that are not allowed in path and query are encoded as browsers do") {
    CHECK(Url("http://a/b c?d e=\xc3\xbc#f g").text() == "http://a/b%20c?d%20e=%C3%BC");
    CHECK(Url("http://a/\"<>^`|").target() == "/%22%3C%3E%5E%60%7C");
    CHECK(Url("http://a?\xff").target() == "/?%FF");
    CHECK(Url("http://a/%41b%20 c").target() == "/%41b%20%20c");  // what is encoded stays as it is
    CHECK(Url("http://a/x").resolve("y z\xc3\xa9").text() == "http://a/y%20z%C3%A9");
}

TEST_CASE("an international host name becomes ASCII") {
    const Url url(
        "https://B\xc3\x9c"
        "cher.Example:8443/x");
    CHECK(url.text() == "https://xn--bcher-kva.example:8443/x");
    CHECK(url.host() == "xn--bcher-kva.example");
    CHECK(url.authority() == "xn--bcher-kva.example:8443");
    CHECK(Url(url.text()) == url);
    CHECK(refusal_of("http://\xe2\x84\x80.example/").ends_with("no letter, digit, '-', '.' or '_'"));  // becomes a/c
}

TEST_CASE("the error for a URL says how to write it") {
    CHECK(refusal_of("") == "URL '': is empty");
    CHECK(refusal_of("api.example/x") == "URL 'api.example/x': no scheme: write https://... or http://...");
    CHECK(refusal_of("localhost:80/x") == "URL 'localhost:80/x': no scheme: write https://... or http://...");
    CHECK(refusal_of("//api.example") == "URL '//api.example': no scheme: write https://... or http://...");
    CHECK(refusal_of("ftp://a") == "URL 'ftp://a': the scheme is 'ftp': write https://... or http://...");
    CHECK(refusal_of("http:/a") == "URL 'http:/a': two slashes follow the scheme: write https://... or http://...");
    CHECK(refusal_of("http://") == "URL 'http://': has no host");
    CHECK(refusal_of("http://:80/") == "URL 'http://:80/': has no host");
    CHECK(refusal_of("http://a/{b}") == "URL 'http://a/{b}': has '{' at byte 10: write %7B");
    CHECK(refusal_of("http://a/b\\c") == "URL 'http://a/b\\c': has '\\' at byte 11: write %5C");
    CHECK(refusal_of("http://a/%zz") ==
          "URL 'http://a/%zz': the % at byte 10 is not followed by two hexadecimal digits: write %25");
    CHECK(refusal_of("http://a/%a").find("the % at byte 10") != std::string::npos);
    CHECK(refusal_of("http://\xff.example/").find("the host is no international host name (") != std::string::npos);
    CHECK(refusal_of("http://a/\r\nHost: evil") ==
          "URL 'http://a/\\x0d\\x0aHost: evil': has a control character at byte 10");
    CHECK(refusal_of("http://a b/").ends_with("the host has a character that is no letter, digit, '-', '.' or '_'"));
    CHECK(refusal_of("http://a%41/").ends_with("the host has a character that is no letter, digit, '-', '.' or '_'"));
    CHECK(refusal_of("http://[::1/").ends_with("what stands in brackets is no IPv6 address"));
    CHECK(refusal_of("http://[1.2.3.4]/").ends_with("what stands in brackets is no IPv6 address"));
    CHECK(refusal_of("http://[::1\0\r\nX-Evil: 1]/"sv).ends_with("what stands in brackets is no IPv6 address"));
}

TEST_CASE("a port is a number from 1 to 65535") {
    for (const std::string port : {"0", "65536", "99999", "18446744073709551696", "-1", "+80", "8a", "80 ", "8:0"}) {
        CHECK_MESSAGE(refusal_of("http://a:" + port + "/").ends_with("the port is not a number from 1 to 65535"), port);
    }
    CHECK(Url("http://a:65535/").port() == 65535);
    CHECK(refusal_of("http://[::1]80/").ends_with("the port is not a number from 1 to 65535"));
}

TEST_CASE("a password in a URL is refused and not repeated") {
    const std::string message = refusal_of("http://user:secret@a/");
    CHECK(message ==
          "URL '...@a/': has a user name or password: use --user or --netrc, or send an Authorization header");
    CHECK(refusal_of("http://a/b{c?key=secret").find("secret") == std::string::npos);
}

TEST_CASE("references are resolved as in the examples of RFC 3986, section 5.4") {
    const Url base("http://a/b/c/d;p?q");
    CHECK(base.resolve("http://x/y").text() == "http://x/y");
    CHECK(base.resolve("//g").text() == "http://g/");
    CHECK(base.resolve("/g").text() == "http://a/g");
    CHECK(base.resolve("g").text() == "http://a/b/c/g");
    CHECK(base.resolve("./g").text() == "http://a/b/c/g");
    CHECK(base.resolve("g/").text() == "http://a/b/c/g/");
    CHECK(base.resolve("?y").text() == "http://a/b/c/d;p?y");
    CHECK(base.resolve("g?y#s").text() == "http://a/b/c/g?y");
    CHECK(base.resolve("g;x=1/../y").text() == "http://a/b/c/y");
    CHECK(base.resolve(".").text() == "http://a/b/c/");
    CHECK(base.resolve("..").text() == "http://a/b/");
    CHECK(base.resolve("../g").text() == "http://a/b/g");
    CHECK(base.resolve("../../../../g").text() == "http://a/g");
    CHECK(base.resolve("g?y/../x").text() == "http://a/b/c/g?y/../x");
    CHECK(base.resolve("/%2e%2F").text() == "http://a/%2e%2F");
    CHECK_THROWS_AS(base.resolve(""), Error);
    CHECK_THROWS_AS(base.resolve("a{b"), Error);
}

TEST_CASE("a query parameter is appended percent-encoded") {
    Url url("http://a/x");
    url.add_query("a b", "\xc3\xbc&=");
    url.add_query("c", "");
    CHECK(url.text() == "http://a/x?a%20b=%C3%BC%26%3D&c=");
    CHECK(url.target() == "/x?a%20b=%C3%BC%26%3D&c=");
}

TEST_CASE("a fragment is kept beside the URL, and is never sent") {
    const Url url("http://a/b?c=1#part \xc3\xbc#x");
    CHECK(url.text() == "http://a/b?c=1");
    CHECK(url.target() == "/b?c=1");
    CHECK(url.fragment() == "part%20%C3%BC%23x");
    CHECK(url.text_with_fragment() == "http://a/b?c=1#part%20%C3%BC%23x");
    CHECK(url == Url("http://a/b?c=1"));
    CHECK(Url("http://a/b#").fragment().empty());
    CHECK(url.resolve("/d#e").text_with_fragment() == "http://a/d#e");
    CHECK(url.resolve("#e").text_with_fragment() == "http://a/b?c=1#e");
    CHECK(url.resolve("/d").fragment().empty());
    Url added = url;
    added.add_query("d", "2");
    CHECK(added.text_with_fragment() == "http://a/b?c=1&d=2#part%20%C3%BC%23x");
}
