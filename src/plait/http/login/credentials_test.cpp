#include "plait/http/login/credentials.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::http;

TEST_CASE("Basic credentials are the example of RFC 7617") {
    CHECK(basic_authorization({"Aladdin", "open sesame"}) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    CHECK(basic_authorization({"", ""}) == "Basic Og==");
    CHECK_THROWS_AS(basic_authorization({"a:b", "c"}), Error);
}

TEST_CASE("credentials are for their origin or host only") {
    CredentialTable table;
    CHECK(table.empty());
    table.add_origin("https://a.example", {"origin", "1"});
    table.add_host("A.example", {"host", "2"});
    table.add_host("a.example", {"later", "3"});
    CHECK_FALSE(table.empty());
    const auto user = [&](const char* url) {
        const Credentials* const found = table.find(Url(url));
        return found ? found->user : "none";
    };
    CHECK(user("https://a.example/x") == "origin");
    CHECK(user("https://a.example:8443/x") == "host");
    CHECK(user("http://a.example/x") == "host");
    CHECK(user("https://b.a.example/") == "none");
    CHECK(user("https://notexample/") == "none");
    table.set_default({"default", "4"});
    CHECK(user("https://b.a.example/") == "default");
}
