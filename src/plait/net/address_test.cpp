#include "plait/net/address.hpp"

#include "plait/base/error.hpp"
#include "plait/net/endpoint.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <string_view>

using namespace plait;
using namespace plait::net;
using namespace std::string_view_literals;

TEST_CASE("a literal address is parsed without a look-up") {
    CHECK(Address::parse("127.0.0.1", 80)->to_string() == "127.0.0.1:80");
    CHECK(Address::parse("::1", 443)->to_string() == "[::1]:443");
    CHECK(Address::parse("2001:db8::7", 65535)->to_string() == "[2001:db8::7]:65535");
}

TEST_CASE("a name is not an address") {
    for (const std::string_view host : {"localhost"sv, "api.example"sv, ""sv, "1.2.3"sv, "1.2.3.4.5"sv, "256.1.1.1"sv,
                                        "[::1]"sv, "::g"sv, "127.1"sv, "::1\0 and more"sv}) {
        CAPTURE(host);
        CHECK_FALSE(Address::parse(host, 80));
    }
}

TEST_CASE("changing the port changes nothing else") {
    const Address address = *Address::parse("::1", 80);
    CHECK(address.with_port(81).to_string() == "[::1]:81");
    CHECK(address.with_port(80) == address);
    CHECK_FALSE(address.with_port(81) == address);
    CHECK(address.port() == 80);
}

TEST_CASE("an address of the system is copied, if it is IPv4 or IPv6") {
    const Address address = *Address::parse("10.0.0.7", 1);
    CHECK(Address(address.data(), address.size()) == address);
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    CHECK_THROWS_AS(Address(reinterpret_cast<const sockaddr*>(&local), sizeof local), Error);
}

TEST_CASE("an endpoint is printed as people write it") {
    CHECK(Endpoint("api.example", 443).to_string() == "api.example:443");
    CHECK(Endpoint("::1", 443).to_string() == "[::1]:443");
}

TEST_CASE("addresses of both families are tried in turn, and each family keeps its order") {
    const auto order = [](std::vector<const char*> hosts) {
        std::vector<Address> addresses;
        for (const char* host : hosts) addresses.push_back(*Address::parse(host, 0));
        std::string text;
        for (const Address& address : interleaved(addresses)) text += address.to_string() + " ";
        return text;
    };
    CHECK(order({}) == "");
    CHECK(order({"10.0.0.1", "10.0.0.2"}) == "10.0.0.1:0 10.0.0.2:0 ");
    CHECK(order({"::1", "::2", "::3", "10.0.0.1"}) == "[::1]:0 10.0.0.1:0 [::2]:0 [::3]:0 ");
    CHECK(order({"10.0.0.1", "10.0.0.2", "::1", "::2"}) == "10.0.0.1:0 [::1]:0 10.0.0.2:0 [::2]:0 ");
}
