#include "plait/http/connect/internal/socks_handshake.hpp"

#include "plait/http/connect/internal/proxy_error.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::http;
using namespace std::string_literals;
using plait::http::internal::ProxyError;
using plait::http::internal::SocksHandshake;

namespace {

const Proxy proxy("socks5h://proxy.example");
const Proxy proxy_with_login("socks5h://user:pass@proxy.example");
const net::Endpoint target("api.example", 443);

const std::string no_login = "\5\0"s;
const std::string granted = "\5\0\0\1\0\0\0\0\0\0"s;

/// Feeds `answers` as the handshake asks for them. Returns all that it sent, or the error.
std::string outcome_of(std::string_view answers, const Proxy& of = proxy, std::string_view* left = nullptr) {
    SocksHandshake handshake(of, target, {});
    std::string sent;
    try {
        for (;;) {
            sent += handshake.take_output();
            const std::size_t wanted = handshake.wanted();
            if (wanted == 0) break;
            if (answers.empty()) {
                handshake.receive_end();
                continue;
            }
            const std::string_view part = answers.substr(0, wanted);
            answers.remove_prefix(part.size());
            handshake.receive(part);
        }
    } catch (const ProxyError& error) {
        return (error.is_permanent() ? "for good: " : "") + std::string(error.what());
    }
    if (left) *left = answers;
    return sent;
}

std::string request_to(const net::Endpoint& to) {
    SocksHandshake handshake(proxy, to, net::Address::parse(to.host, to.port));
    handshake.take_output();
    handshake.receive(no_login);
    return handshake.take_output();
}

}  // namespace

TEST_CASE("a SOCKS proxy gets a name or an address, as RFC 1928 has it") {
    CHECK(outcome_of(no_login + granted) == "\5\1\0\5\1\0\3\x0b"s + "api.example\1\xbb"s);
    CHECK(request_to(net::Endpoint("127.0.0.1", 80)) == "\5\1\0\1\x7f\0\0\1\0\x50"s);
    CHECK(request_to(net::Endpoint("::1", 65535)) == "\5\1\0\4"s + std::string(15, '\0') + "\1\xff\xff"s);
    CHECK_THROWS_AS(SocksHandshake(proxy, net::Endpoint(std::string(256, 'a'), 80), {}), ProxyError);
}

TEST_CASE("a SOCKS proxy gets a user and password only if it asks for them") {
    CHECK(outcome_of(no_login + granted, proxy_with_login).starts_with("\5\2\0\2\5\1\0\3"s));
    CHECK(outcome_of("\5\2\1\0"s + granted, proxy_with_login).starts_with("\5\2\0\2\1\4user\4pass\5\1\0\3"s));
    CHECK(outcome_of("\5\2\1\2"s, proxy_with_login) == "for good: it does not accept this user and password");
    CHECK(outcome_of("\5\xff"s, proxy_with_login) == "for good: it accepts no login by user and password");
    CHECK(outcome_of("\5\xff"s) == "for good: it wants a login: --proxy socks5://USER:PASSWORD@HOST:PORT");
    CHECK(outcome_of("\5\2"s) == "for good: it wants a login: --proxy socks5://USER:PASSWORD@HOST:PORT");
}

TEST_CASE("the reply of a SOCKS proxy is read by its kind of address, and not a byte more") {
    for (const std::string& reply :
         {granted, "\5\0\0\4"s + std::string(18, 'x'), "\5\0\0\3\x0b"s + "api.example??"s, "\5\0\0\3\0??"s}) {
        std::string_view left;
        const std::string answers = no_login + reply + "server";
        outcome_of(answers, proxy, &left);
        CHECK(left == "server");
    }
    CHECK(outcome_of(no_login + "\5\0\0\2"s) == "for good: its reply has an unknown kind of address (2)");
}

TEST_CASE("the refusal of a SOCKS proxy is explained") {
    CHECK(outcome_of(no_login + "\5\2\0\1"s) == "for good: it refused: not allowed by its rules (reply 2)");
    CHECK(outcome_of(no_login + "\5\5\0\1"s) == "it refused: the connection was refused (reply 5)");
    CHECK(outcome_of(no_login + "\5\1\0\1"s) == "it refused: general failure (reply 1)");
    CHECK(outcome_of(no_login + "\5\x63\0\3"s) == "it refused: unknown reason (reply 99)");
    CHECK(outcome_of("") == "it has closed the connection without an answer");
    CHECK(outcome_of(no_login + "\5\0"s) == "it has closed the connection in the middle of the handshake");
    CHECK(outcome_of("HTTP/1.1 400") == "for good: it does not speak SOCKS 5 (first byte 72)");
    CHECK(outcome_of(no_login + "HTTP"s) == "for good: its reply is not SOCKS 5 (first byte 72)");
}
