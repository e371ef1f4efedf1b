#include "plait/http/message/request.hpp"

#include "plait/base/error.hpp"
#include "plait/http/message/response.hpp"

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

using namespace plait;
using namespace plait::http;

TEST_CASE("a method is any token, and standard methods may be written in any case") {
    CHECK(Request("PROPFIND", "http://a/").method() == "PROPFIND");
    CHECK(Request("mkcol", "http://a/").method() == "mkcol");
    CHECK(Request("get", "http://a/").method() == "GET");
    CHECK(Request("Patch", "http://a/").method() == "PATCH");
    CHECK(Request("deletE", "http://a/").method() == "DELETE");
    for (const std::string method : {"", "GET /", "GET\r\n", "G\xc3\x89T", "CONNECT", "connect"}) {
        CHECK_THROWS_AS_MESSAGE(Request(method, "http://a/"), Error, method);
    }
}

// g++ 12.2 destroys a temporary aggregate in a co_await expression twice.
TEST_CASE("requests and responses may be temporaries of an awaited expression") {
    CHECK_FALSE(std::is_aggregate_v<Request>);
    CHECK_FALSE(std::is_aggregate_v<Response>);
    CHECK_FALSE(std::is_aggregate_v<Header>);
    CHECK_FALSE(std::is_aggregate_v<Headers>);
    CHECK_FALSE(std::is_aggregate_v<Url>);
}
