#include "plait/async/event_loop.hpp"
#include "plait/async/task_group.hpp"
#include "plait/http/session.hpp"
#include "plait/net/certificate.hpp"
#include "plait/net/tcp_stream.hpp"
#include "plait/net/tls_stream.hpp"
#include "plait/testing/memory_stream.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

// The session over real sockets, for what memory streams can't show.

using namespace plait;
using namespace plait::http;

namespace {

constexpr std::string_view small_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// How a server treats its connections.
enum class After { keeps_open, closes };

/// A server on a port of its own, for one connection after another.
class Server {
  public:
    Server() : listener_(*net::Address::parse("127.0.0.1", 0)) {}

    std::string url(const std::string& scheme = "http", const std::string& host = "127.0.0.1") const {
        return scheme + "://" + host + ":" + std::to_string(listener_.address().port()) + "/x";
    }
    int connections() const { return connections_; }

    /// Answers all requests until it is cancelled.
    Task<void> serve(After after = After::keeps_open, net::TlsServerContext* tls = nullptr) {
        for (;;) {
            auto stream = co_await listener_.accept();
            ++connections_;
            try {
                if (tls) stream = co_await tls->accept(std::move(stream), "the client");
                while ((co_await testing::read_until(*stream, "\r\n\r\n")).ends_with("\r\n\r\n")) {
                    co_await testing::write_text(*stream, std::string(small_answer));
                    if (after == After::closes) break;
                }
            } catch (const Error&) {
                // Some clients disconnect in the middle on purpose.
            }
        }
    }

  private:
    net::TcpListener listener_;
    int connections_ = 0;
};

/// The status and body of an answer, or the error.
Task<std::string> outcome_of(Session& session, std::string url) {
    try {
        const Response response = co_await session.get(url);
        co_return std::to_string(response.status) + " " + response.body + (response.reused ? " reused" : "");
    } catch (const SendError& error) {
        co_return std::string(to_string(error.code())) + ": " + error.what();
    }
}

/// The outcomes of two calls, one after the other, while `serving` runs.
Task<std::vector<std::string>> call_twice(Session& session, std::string url, Task<void> serving) {
    TaskGroup group;
    group.start(std::move(serving));
    std::vector<std::string> outcomes;
    outcomes.push_back(co_await outcome_of(session, url));
    outcomes.push_back(co_await outcome_of(session, url));
    co_return outcomes;  // and the server is dropped
}

net::Certificate certificate_for(const std::string& name) {
    return net::make_certificate(net::CertificateOptions(std::vector<std::string>{name}));
}

/// A file that is deleted after the test.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& text)
        : path_(std::filesystem::temp_directory_path() /
                ("plait_session_test_" + std::to_string(::getpid()) + ".pem")) {
        std::ofstream(path_) << text;
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::filesystem::remove(path_); }
    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a session calls a server over TCP and reuses the connection") {
    Server server;
    Session session;
    CHECK(run(call_twice(session, server.url(), server.serve())) ==
          std::vector<std::string>{"200 hi", "200 hi reused"});
    CHECK(server.connections() == 1);
}

TEST_CASE("a connection that the server silently closes after its answer is not reused") {
    Server server;
    Session session;
    CHECK(run(call_twice(session, server.url(), server.serve(After::closes))) ==
          std::vector<std::string>{"200 hi", "200 hi"});
    CHECK(server.connections() == 2);
}

TEST_CASE("a session calls a server whose certificate it trusts") {
    const net::Certificate certificate = certificate_for("localhost");
    const TemporaryFile trusted(certificate.certificate);
    net::TlsServerContext tls{net::TlsServerOptions(certificate)};
    Server server;
    SessionOptions options;
    options.tls.ca_file = trusted.path();
    Session session(options);
    CHECK(run(call_twice(session, server.url("https", "localhost"), server.serve(After::keeps_open, &tls))) ==
          std::vector<std::string>{"200 hi", "200 hi reused"});
}

TEST_CASE("an untrusted certificate, or one for another host, fails the call before anything is sent") {
    const net::Certificate certificate = certificate_for("other.example");
    const TemporaryFile trusted(certificate.certificate);
    net::TlsServerContext tls{net::TlsServerOptions(certificate)};
    Server server;
    Session stranger;
    const auto unknown = run(call_twice(stranger, server.url("https"), server.serve(After::keeps_open, &tls)));
    CHECK_MESSAGE(unknown[0].starts_with("tls: GET https://127.0.0.1:"), unknown[0]);

    SessionOptions options;
    options.tls.ca_file = trusted.path();
    Session session(options);
    const auto wrong_host = run(call_twice(session, server.url("https"), server.serve(After::keeps_open, &tls)));
    CHECK_MESSAGE(wrong_host[0].find("other.example") != std::string::npos, wrong_host[0]);
}

TEST_CASE("plain HTTP to a TLS port fails") {
    net::TlsServerContext tls{net::TlsServerOptions(certificate_for("localhost"))};
    Server server;
    Session session;
    const auto plain = run(call_twice(session, server.url("http"), server.serve(After::keeps_open, &tls)));
    CHECK_MESSAGE((plain[0].starts_with("protocol: ") || plain[0].starts_with("reset: ")), plain[0]);
}

TEST_CASE("a refused connection is an error with the address") {
    std::string url;
    {
        Server gone;
        url = gone.url();
    }
    Session session;
    const std::string outcome = run(outcome_of(session, url));
    CHECK_MESSAGE(outcome.starts_with("connect: GET " + url + ": connect 127.0.0.1:"), outcome);
    CHECK_MESSAGE(outcome.find("refused") != std::string::npos, outcome);
}
