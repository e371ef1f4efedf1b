#include "plait/http/connect/internal/connect_handshake.hpp"

#include "plait/http/connect/internal/proxy_error.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::http;
using plait::http::internal::ConnectHandshake;
using plait::http::internal::ProxyError;

namespace {

const Proxy proxy("http://proxy.example:3128");
const Proxy proxy_with_login("http://Aladdin:open%20sesame@proxy.example:3128");
const net::Endpoint target("api.example", 443);

/// Feeds `answer` as the handshake asks for it. Returns what is left of it when the tunnel is open, or the error.
std::string outcome_of(std::string_view answer, const Proxy& of = proxy) {
    ConnectHandshake handshake(of, target);
    try {
        while (const std::size_t wanted = handshake.wanted()) {
            if (answer.empty()) {
                handshake.receive_end();
                continue;
            }
            const std::string_view part = answer.substr(0, wanted);
            answer.remove_prefix(part.size());
            handshake.receive(part);
        }
    } catch (const ProxyError& error) {
        return (error.is_permanent() ? "for good: " : "") + std::string(error.what());
    }
    return "open, then '" + std::string(answer) + "'";
}

}  // namespace

TEST_CASE("a tunnel is asked for by host and port") {
    CHECK(ConnectHandshake(proxy, target)
              .take_output()
              .starts_with("CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\nUser-Agent: plait/"));
    CHECK(ConnectHandshake(proxy, net::Endpoint("::1", 80)).take_output().starts_with("CONNECT [::1]:80 HTTP/1.1\r\n"));
    CHECK(ConnectHandshake(proxy_with_login, target)
              .take_output()
              .ends_with("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"));
}

TEST_CASE("the answers of real proxies that grant a tunnel open it, and no byte of the server is lost") {
    for (const char* answer : {
             "HTTP/1.1 200 Connection established\r\n\r\n",                                   // squid 5.7, mitmproxy
             "HTTP/1.0 200 Connection established\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n",  // tinyproxy
             "HTTP/1.0 200 Connection Established\r\nProxy-agent: Apache/2.4.71 (Unix)\r\n\r\n",  // httpd
             "HTTP/1.1 200\r\n\r\n",
             "HTTP/1.1 204 No Content\n\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
             "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
         }) {
        CAPTURE(answer);
        CHECK(outcome_of(answer) == "open, then ''");
        CHECK(outcome_of(std::string(answer) + "SSH-2.0") == "open, then 'SSH-2.0'");
    }
}

TEST_CASE("a refusal by rule or login is for good, and says what the proxy said") {
    CHECK(
        outcome_of("HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\nContent-Length: 5\r\n\r\n<html") ==
        "for good: it refused with \"403 Forbidden\", ERR_ACCESS_DENIED 0");
    CHECK(outcome_of("HTTP/1.1 403 Access violation\r\nConnection: close\r\n\r\n<html><head><title>403 Access "
                     "violation</title>") == "for good: it refused with \"403 Access violation\"");
    CHECK(outcome_of("HTTP/1.1 404 No such domain\r\n\r\n") == "for good: it refused with \"404 No such domain\"");
    // tinyproxy, to a wrong password
    CHECK(outcome_of("HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n") ==
          "for good: it refused with \"401 Unauthorized\"");
}

TEST_CASE("a 407 says what the proxy wants") {
    constexpr std::string_view basic = "HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=realm1\r\n\r\n";
    CHECK(outcome_of(basic) ==
          "for good: it refused with \"407 X\"; it wants a login: give it a user and password, --proxy "
          "KIND://USER:PASSWORD@HOST:PORT");
    CHECK(outcome_of(basic, proxy_with_login) ==
          "for good: it refused with \"407 X\"; it does not accept this user and password");
    CHECK(outcome_of("HTTP/1.1 407 X\r\nProxy-Authenticate: Negotiate\r\n\r\n", proxy_with_login) ==
          "for good: it refused with \"407 X\"; it wants a login by Negotiate, and plait knows Basic only");
    CHECK(outcome_of("HTTP/1.1 407 X\r\n\r\n").find("it wants a login") != std::string::npos);
}

TEST_CASE("trouble on the way to the server may pass") {
    CHECK(outcome_of("HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\n\r\n") ==
          "it refused with \"503 Service Unavailable\", ERR_CONNECT_FAIL 111");
    CHECK(outcome_of("HTTP/1.1 502 Bad Gateway\r\n\r\n\r\ndial tcp 127.0.0.1:1: refused\nmore") ==
          "it refused with \"502 Bad Gateway\": dial tcp 127.0.0.1:1: refused");
    CHECK(outcome_of("HTTP/1.1 594 Connection Refused\r\n\r\n") == "it refused with \"594 Connection Refused\"");
    CHECK(outcome_of("") == "it has closed the connection without an answer");  // goproxy, proxy-chain
    CHECK(outcome_of("HTTP/1.1 200 OK\r\nPro") == "its answer is cut short");
}

TEST_CASE("the explanation of a refusal is one printable line of bounded length") {
    const std::string long_text(5000, 'x');
    const std::string outcome = outcome_of("HTTP/1.1 500 \x1b[2J\r\n\r\nfirst\x1bline " + long_text + "\nsecond");
    CHECK(outcome.size() < 300);
    CHECK(outcome.starts_with("it refused with \"500 ?[2J\": first?line xxx"));
}

TEST_CASE("a peer that does not speak HTTP is recognised at once") {
    CHECK(outcome_of("SSH-2.0-OpenSSH_9.2\r\n") == "it does not speak HTTP: \"SS\"");
    CHECK(outcome_of("HTTP/2 200\r\n\r\n").starts_with("it does not speak HTTP: \"HTTP/2"));
    CHECK(outcome_of("HTTP/1.1 OK\r\n\r\n") == "it does not speak HTTP: \"HTTP/1.1 OK\"");
    CHECK(outcome_of("HTTP/1.1 2000\r\n\r\n") == "it does not speak HTTP: \"HTTP/1.1 2000\"");
    CHECK(outcome_of("HTTP/1.1 200 OK\r\n" + std::string(20'000, 'x')) ==
          "its answer has more than 16384 bytes of header");
}
