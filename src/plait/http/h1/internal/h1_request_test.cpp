#include "plait/http/h1/internal/h1_request.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::http;
using namespace plait::http::internal;

namespace {

/// The head of `request`, with VERSION in place of our version.
std::string head_of(const Request& request, const Headers& defaults = {}) {
    std::string head = serialize_head(request, defaults, Decoding::off);
    const std::string name = "User-Agent: plait/";
    if (const auto start = head.find(name); start != std::string::npos) {
        head.replace(start + name.size(), head.find('\r', start) - start - name.size(), "VERSION");
    }
    return head;
}

}  // namespace

TEST_CASE("a request has its host first, and the fields that servers expect") {
    Request request("GET", "http://a.example:8080/x?y=1");
    request.headers.add("X-Tenant", "7");
    CHECK(head_of(request) ==
          "GET /x?y=1 HTTP/1.1\r\nHost: a.example:8080\r\nX-Tenant: 7\r\nUser-Agent: plait/VERSION\r\nAccept: "
          "*/*\r\n\r\n");
}

TEST_CASE("a request's own headers win over defaults, and both over added ones") {
    Request request("GET", "http://a.example/");
    request.headers.add("x-tenant", "7");
    request.headers.add("Accept", "text/plain");
    const Headers defaults{{"X-Tenant", "1"}, {"User-Agent", "me"}};
    CHECK(head_of(request, defaults) ==
          "GET / HTTP/1.1\r\nHost: a.example\r\nx-tenant: 7\r\nAccept: text/plain\r\nUser-Agent: me\r\n\r\n");
}

TEST_CASE("codings are asked for, unless the request has its own wish or asks for a range") {
    const auto asks = [](const Headers& own, Decoding decoding) {
        Request request("GET", "http://a.example/");
        request.headers = own;
        return serialize_head(request, {}, decoding).find("\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n") !=
               std::string::npos;
    };
    CHECK(asks({}, Decoding::on));
    CHECK_FALSE(asks({}, Decoding::off));
    CHECK_FALSE(asks({{"accept-encoding", "identity"}}, Decoding::on));
    CHECK_FALSE(asks({{"Range", "bytes=0-9"}}, Decoding::on));
    Request part("GET", "http://a.example/");
    part.headers.add("Range", "bytes=0-9");
    CHECK(serialize_head(part, {}, Decoding::on).find("\r\nAccept-Encoding: identity\r\n") != std::string::npos);
}

TEST_CASE("a body has its length, and so has an empty one where it has a meaning") {
    const auto length_of = [](const std::string& method, const std::string& body) {
        Request request(method, "http://a.example/");
        request.body = body;
        const std::string head = serialize_head(request, {});
        const auto start = head.find("Content-Length: ");
        return start == std::string::npos ? "none" : head.substr(start + 16, head.find('\r', start) - start - 16);
    };
    CHECK(length_of("POST", "four") == "4");
    CHECK(length_of("GET", "four") == "4");
    CHECK(length_of("POST", "") == "0");
    CHECK(length_of("PUT", "") == "0");
    CHECK(length_of("PATCH", "") == "0");
    CHECK(length_of("GET", "") == "none");
    CHECK(length_of("DELETE", "") == "none");
}

TEST_CASE("a host given as a header replaces the one of the URL") {
    Request request("GET", "http://127.0.0.1/");
    request.headers.add("Host", "a.example");
    CHECK(serialize_head(request, {}).starts_with("GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent"));
}

TEST_CASE("headers that contradict the request are refused") {
    const auto refused = [](const Headers& headers) {
        Request request("POST", "http://a.example/");
        request.body = "four";
        request.headers = headers;
        CHECK_THROWS_AS(serialize_head(request, {}), Error);
        CHECK_THROWS_AS(serialize_head(Request("GET", "http://a.example/"), headers), Error);
    };
    refused({{"Content-Length", "5"}});
    refused({{"content-length", "04"}});
    refused({{"Transfer-Encoding", "chunked"}});
    refused({{"Connection", "upgrade"}});

    Request request("GET", "http://a.example/");
    request.headers = {{"Host", "a"}, {"Host", "b"}};
    CHECK_THROWS_AS(serialize_head(request, {}), Error);
}

TEST_CASE("a correct content length is sent once") {
    Request request("POST", "http://a.example/");
    request.body = "four";
    request.headers.add("content-length", "4");
    CHECK(
        head_of(request) ==
        "POST / HTTP/1.1\r\nHost: a.example\r\ncontent-length: 4\r\nUser-Agent: plait/VERSION\r\nAccept: */*\r\n\r\n");
}

TEST_CASE("a request asks to close by its own headers, or else by the defaults") {
    const auto asks = [](const Headers& own, const Headers& defaults) {
        Request request("GET", "http://a.example/");
        request.headers = own;
        const bool is_told = serialize_head(request, defaults).find("onnection: close\r\n") != std::string::npos;
        CHECK(asks_to_close(request, defaults) == is_told);
        return is_told;
    };
    const Headers close{{"connection", "close"}};
    const Headers keep{{"Connection", "keep-alive"}};
    CHECK(asks(close, {}));
    CHECK(asks(close, keep));
    CHECK(asks({}, close));
    CHECK(asks({{"Connection", "keep-alive"}, {"Connection", "close"}}, {}));
    CHECK_FALSE(asks(keep, close));
    CHECK_FALSE(asks({}, keep));
    CHECK_FALSE(asks({}, {}));
}
