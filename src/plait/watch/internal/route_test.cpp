#include "plait/watch/internal/route.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::watch::internal;

namespace {

constexpr std::string_view token = "0123456789abcdef0123456789abcdef";
const std::string root = "/" + std::string(token) + "/";

http::ReceivedRequest request(std::string method, std::string target, std::string_view host = "127.0.0.1:8080") {
    http::ReceivedRequest made;
    made.method = std::move(method);
    made.target = std::move(target);
    made.headers.add("Host", host);
    return made;
}

int status_of(const http::ReceivedRequest& made) {
    const Route route = route_of(made, token);
    return route.action == Action::none ? route.status : 200;
}

}  // namespace

TEST_CASE("each path asks for one thing, by one method") {
    CHECK(route_of(request("GET", root), token).action == Action::page);
    CHECK(route_of(request("GET", root + "?a=1"), token).action == Action::page);
    CHECK(route_of(request("GET", root + "events"), token).action == Action::events);
    CHECK(route_of(request("POST", root + "pause"), token).action == Action::pause);
    CHECK(route_of(request("POST", root + "resume"), token).action == Action::resume);
    CHECK(route_of(request("POST", root + "stop"), token).action == Action::stop);
    CHECK(status_of(request("GET", root + "stop")) == 405);
    CHECK(status_of(request("POST", root)) == 405);
    CHECK(status_of(request("OPTIONS", root + "stop")) == 405);
    CHECK(status_of(request("GET", root + "other")) == 404);
}

TEST_CASE("HEAD asks for what GET asks for, and the answer to a wrong method names the right ones") {
    CHECK(route_of(request("HEAD", root), token).action == Action::page);
    CHECK(route_of(request("HEAD", root + "events"), token).action == Action::events);
    CHECK(status_of(request("HEAD", root + "stop")) == 405);
    CHECK(route_of(request("HEAD", root + "stop"), token).methods == "POST");
    CHECK(route_of(request("POST", root), token).methods == "GET, HEAD");
}

TEST_CASE("the path without its last slash leads to the page") {
    const std::string bare = "/" + std::string(token);
    CHECK(status_of(request("GET", bare)) == 308);
    CHECK(status_of(request("HEAD", bare + "?a=1")) == 308);
    CHECK(status_of(request("POST", bare)) == 405);
    CHECK(status_of(request("GET", bare, "attacker.example")) == 403);
}

TEST_CASE("a request tells whether it shows the token") {
    CHECK(route_of(request("GET", root), token).has_token);
    CHECK(route_of(request("GET", root + "other"), token).has_token);
    CHECK_FALSE(route_of(request("GET", "/"), token).has_token);
    CHECK_FALSE(route_of(request("GET", root, "attacker.example"), token).has_token);
}

TEST_CASE("without the token there is nothing") {
    for (const std::string target : {"/", "/events", "/stop", "*", "", "//", "http://127.0.0.1:8080/"}) {
        CHECK(status_of(request("GET", target)) == 404);
        CHECK(status_of(request("POST", target)) == 404);
    }
    CHECK(status_of(request("GET", "/0123456789abcdef0123456789abcdeF/")) == 404);
    CHECK(status_of(request("GET", "/" + std::string(token.substr(1)) + "/")) == 404);
}

TEST_CASE("the host must be this machine, whatever the port") {
    for (const std::string_view host :
         {"127.0.0.1:8080", "127.0.0.1", "localhost:9000", "LOCALHOST:9000", "[::1]:8080", "[::1]"})
        CHECK(status_of(request("GET", root, host)) == 200);
    for (const std::string_view host : {"attacker.example:8080", "127.0.0.1.attacker.example", "localhost.example:80",
                                        "127.0.0.1:80@attacker.example", "127.0.0.2:8080", "", "127.0.0.1:8080:1"})
        CHECK(status_of(request("GET", root, host)) == 403);
    http::ReceivedRequest none = request("GET", root);
    none.headers = http::Headers();
    CHECK(status_of(none) == 403);
    http::ReceivedRequest two = request("GET", root);
    two.headers.add("Host", "127.0.0.1:8080");
    CHECK(status_of(two) == 403);
}

TEST_CASE("another site's page can't change the run, even if it knew the token") {
    http::ReceivedRequest own = request("POST", root + "stop");
    own.headers.add("Origin", "http://127.0.0.1:8080");
    own.headers.add("Sec-Fetch-Site", "same-origin");
    CHECK(status_of(own) == 200);
    for (const std::string_view origin : {"http://attacker.example", "null", "https://127.0.0.1:8080",
                                          "http://127.0.0.1:8081", "http://localhost:8080"}) {
        http::ReceivedRequest foreign = request("POST", root + "stop");
        foreign.headers.add("Origin", origin);
        CHECK(status_of(foreign) == 403);
    }
    for (const std::string_view site : {"cross-site", "same-site", "none"}) {
        http::ReceivedRequest foreign = request("POST", root + "pause");
        foreign.headers.add("Sec-Fetch-Site", site);
        CHECK(status_of(foreign) == 403);
    }
}
