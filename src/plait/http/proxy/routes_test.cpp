#include "plait/http/proxy/routes.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::http;
using net::Endpoint;

namespace {

std::string addresses(const Routes& routes, const char* host, std::uint16_t port) {
    std::string text;
    for (const net::Address& address : routes.addresses_of(Endpoint(host, port)))
        text += (text.empty() ? "" : " ") + address.to_string();
    return text;
}

std::string destination(const char* rule, const char* host = "a.example", std::uint16_t port = 443) {
    Routes routes;
    routes.connect_to.emplace_back(rule);
    return routes.destination_of(Endpoint(host, port)).to_string();
}

}  // namespace

TEST_CASE("fixed addresses are for one host and port") {
    Routes routes;
    routes.resolve.emplace_back("A.example:443:127.0.0.1,::1,[::2]");
    routes.resolve.emplace_back("[::9]:80:127.0.0.2");
    CHECK(addresses(routes, "a.example", 443) == "127.0.0.1:443 [::1]:443 [::2]:443");
    CHECK(addresses(routes, "a.example", 80) == "");
    CHECK(addresses(routes, "b.example", 443) == "");
    CHECK(addresses(routes, "::9", 80) == "127.0.0.2:80");
    routes.resolve.emplace_back("*:443:127.0.0.3");
    CHECK(addresses(routes, "b.example", 443) == "127.0.0.3:443");
    CHECK(addresses(routes, "a.example", 443) == "127.0.0.1:443 [::1]:443 [::2]:443");
}

TEST_CASE("another host and port may be given, or only one of them") {
    CHECK(destination("a.example:443:b.example:8443") == "b.example:8443");
    CHECK(destination("A.example:443:B.example:") == "b.example:443");
    CHECK(destination("::b.example:8443") == "b.example:8443");
    CHECK(destination(":443::8443") == "a.example:8443");
    CHECK(destination("a.example::[::1]:8443") == "[::1]:8443");
    CHECK(destination("[::1]:443:b.example:1", "::1") == "b.example:1");
    CHECK(destination("b.example:443:c.example:1") == "a.example:443");
    CHECK(destination("a.example:80:c.example:1") == "a.example:443");
}

TEST_CASE("a route that can't be read is an error") {
    for (const char* text :
         {"", "a", "a:1", "a:1:", "a:x:127.0.0.1", "a:0:127.0.0.1", "a:1:b", ":1:127.0.0.1", "a b:1:::1"})
        CHECK_THROWS_AS_MESSAGE(FixedAddresses{text}, Error, text);
    for (const char* text : {"", "a", "a:1:b", "a:1:b:2:c", "a:x:b:2", "a:1:b:x", "a b:1:c:2"})
        CHECK_THROWS_AS_MESSAGE(ConnectTo{text}, Error, text);
}

TEST_CASE("a proxy relays http, and tunnels the rest") {
    Routes routes;
    CHECK_FALSE(routes.relay_for("http://a.example/"));
    routes.proxies.for_http = {Proxy("proxy.example"), "--proxy"};
    routes.proxies.for_https = routes.proxies.for_http;
    CHECK(routes.relay_for("http://a.example/"));
    CHECK_FALSE(routes.relay_for("https://a.example/"));
    CHECK(routes.proxy_for(Endpoint("a.example", 443), true) != nullptr);

    routes.connect_to.emplace_back("b.example:80:c.example:80");
    CHECK(routes.relay_for("http://a.example/"));
    CHECK_FALSE(routes.relay_for("http://b.example/"));

    routes.proxies.for_http->value.kind = Proxy::Kind::socks5;
    CHECK_FALSE(routes.relay_for("http://a.example/"));
}

TEST_CASE("a Unix socket takes the place of a proxy") {
    Routes routes;
    routes.proxies.for_http = {Proxy("proxy.example"), "--proxy"};
    routes.unix_socket = "/run/x";
    CHECK(routes.proxy_for(Endpoint("a.example", 80), false) == nullptr);
    CHECK_FALSE(routes.relay_for("http://a.example/"));
}
