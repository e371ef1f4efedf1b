#include "plait/cluster/relay/nats_parser.hpp"

#include "plait/base/error.hpp"
#include "plait/cluster/relay/nats_address.hpp"
#include "plait/cluster/relay/nats_login.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

using namespace plait;
using namespace plait::cluster;

namespace {

/// The events of some bytes, as text.
std::vector<std::string> events_of(std::string_view bytes, std::size_t piece) {
    NatsParser parser;
    std::vector<std::string> events;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        parser.feed(bytes.substr(at, piece));
        while (const auto event = parser.next()) {
            if (const auto* info = std::get_if<NatsParser::Info>(&*event))
                events.push_back("info " + std::string(info->json));
            if (const auto* message = std::get_if<NatsParser::Message>(&*event))
                events.push_back(std::string(message->subject) + ": " + std::string(message->payload));
            if (std::holds_alternative<NatsParser::Ping>(*event)) events.emplace_back("ping");
            if (std::holds_alternative<NatsParser::Pong>(*event)) events.emplace_back("pong");
            if (const auto* refused = std::get_if<NatsParser::Refused>(&*event))
                events.push_back("refused " + std::string(refused->why));
        }
    }
    return events;
}

}  // namespace

// Captured from nats-server 2.9.10, but for the shorter INFO.
TEST_CASE("messages of a server are read in pieces of any size") {
    const std::string bytes =
        "INFO {\"server_id\":\"NX\",\"version\":\"2.9.10\",\"max_payload\":1048576,\"nonce\":\"abc\"} \r\n"
        "PONG\r\n+OK\r\nMSG plait.r.in 1 5\r\nhello\r\nMSG a 2 reply.to 0\r\n\r\nPING\r\n"
        "MSG b 3 9\r\nMSG\r\nPING\r\n-ERR 'Permissions Violation for Publish to \"x\"'\r\n";
    const std::vector<std::string> expected{
        "info {\"server_id\":\"NX\",\"version\":\"2.9.10\",\"max_payload\":1048576,\"nonce\":\"abc\"} ",
        "pong",
        "plait.r.in: hello",
        "a: ",
        "ping",
        "b: MSG\r\nPING",
        "refused Permissions Violation for Publish to \"x\""};
    for (std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, bytes.size()}) {
        CAPTURE(piece);
        CHECK(events_of(bytes, piece) == expected);
    }
}

TEST_CASE("bytes that no NATS server sends are refused") {
    for (const std::string_view bytes : {"HTTP/1.1 400 Bad Request\r\n", "MSG a 1\r\n", "MSG a 1 -5\r\n",
                                         "MSG a 1 99999999999\r\n", "MSG a 1 5\r\nhelloXX", "\r\n"}) {
        CAPTURE(bytes);
        CHECK_THROWS_AS(events_of(bytes, bytes.size()), Error);
    }
    CHECK_THROWS_AS(events_of(std::string(70'000, 'x'), 1000), Error);
}

TEST_CASE("a server's INFO says what is needed to log in") {
    const NatsServerInfo info(
        R"({"version":"2.9.10","nonce":"n","max_payload":1048576,"tls_required":true,"auth_required":true,"xkey":1,"connect_urls":["a"]})");
    CHECK(info.nonce == "n");
    CHECK(info.max_payload == 1048576);
    CHECK(info.tls_required);
    CHECK(info.auth_required);
    CHECK_THROWS_AS(NatsServerInfo("{"), Error);
    CHECK_THROWS_AS(NatsServerInfo(R"({"max_payload":"much"})"), Error);
}

TEST_CASE("an address is a scheme, a host and perhaps a port") {
    CHECK(NatsAddress("nats://127.0.0.1").to_string() == "nats://127.0.0.1:4222");
    CHECK(NatsAddress("tls://nats.example:4333/").to_string() == "tls://nats.example:4333");
    CHECK(NatsAddress("nats://[::1]:4333").to_string() == "nats://[::1]:4333");
    CHECK(NatsAddress("nats://localhost").is_loopback());
    CHECK(NatsAddress("nats://[::1]").is_loopback());
    CHECK_FALSE(NatsAddress("tls://nats.example").is_loopback());
    CHECK_FALSE(NatsAddress("nats://127.example").is_loopback());
    for (const std::string_view bad :
         {"", "host", "http://host", "nats://", "nats://host:", "nats://host:0", "nats://host:99999",
          "nats://host/path", "nats://[::1", "nats://user:secret@host"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(NatsAddress{bad}, Error);
    }
}

// The pair is from the documentation of NATS.
TEST_CASE("an NKEY signs the server's nonce, and its seed is not sent") {
    const NatsLogin login = NatsLogin::parse("SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY\n");
    const std::string fields = login.fields("nonce");
    CHECK(fields.find("\"nkey\":\"UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4\"") != std::string::npos);
    CHECK(fields.find("\"sig\":\"") != std::string::npos);
    CHECK(fields.find("SUAC") == std::string::npos);
    CHECK_THROWS_AS(login.fields(""), Error);
}

TEST_CASE("a login is a seed, a .creds file, a user with a password, or a token") {
    CHECK(NatsLogin::parse("me:pass:word\n").fields("") == R"(,"user":"me","pass":"pass:word")");
    CHECK(NatsLogin::parse("token").fields("") == R"(,"auth_token":"token")");
    const NatsLogin creds = NatsLogin::parse(
        "-----BEGIN NATS USER JWT-----\neyJ0.eyJq.c2ln\n------END NATS USER JWT------\n\n"
        "-----BEGIN USER NKEY SEED-----\nSUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY\n------END USER "
        "NKEY SEED------\n");
    CHECK(creds.fields("n").starts_with(R"(,"jwt":"eyJ0.eyJq.c2ln","sig":")"));
    for (const std::string_view bad : {"", "\n", "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VX", "SU",
                                       "a\nb", "-----BEGIN USER NKEY SEED-----"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(NatsLogin::parse(bad), Error);
    }
    CHECK(NatsLogin().fields("n").empty());
}
