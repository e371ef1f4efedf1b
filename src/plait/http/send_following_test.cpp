#include "plait/http/cookies/cookie_jar.hpp"
#include "plait/http/redirects.hpp"
#include "plait/http/session.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/memory_stream.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::http;

namespace {

/// Servers in memory: each connection gets the next answer. Without one, it is reset.
class Servers : public Connector {
  public:
    explicit Servers(std::vector<std::string> answers) : answers_(std::move(answers)) {}

    Task<NewConnection> connect(net::Endpoint endpoint, bool secure, Offer, ConnectStep&) override {
        auto [client, server] = testing::memory_streams();
        endpoints.push_back((secure ? "secure " : "") + endpoint.to_string());
        const std::size_t number = servers_.size();
        servers_.push_back(std::move(server));
        if (number < answers_.size()) {
            co_await testing::write_text(*servers_.back(), answers_[number]);
        } else {
            servers_.back()->reset();
        }
        co_return NewConnection(std::move(client));
    }

    /// The head that the n-th connection carried.
    Task<std::string> head(std::size_t n) { return testing::read_until(*servers_.at(n), "\r\n\r\n"); }

    std::vector<std::string> endpoints;

  private:
    std::vector<std::string> answers_;
    std::vector<std::unique_ptr<testing::MemoryStream>> servers_;
};

std::string answer(std::string_view status, std::string_view fields = "") {
    return std::string("HTTP/1.1 ")
               .append(status)
               .append(" X\r\nConnection: close\r\nContent-Length: 2\r\n")
               .append(fields) +
           "\r\nhi";
}

struct Bench {
    explicit Bench(std::vector<std::string> answers) : Bench(std::make_unique<Servers>(std::move(answers))) {}
    explicit Bench(std::unique_ptr<Servers> made, std::shared_ptr<const CredentialTable> credentials = nullptr)
        : servers(*made), session(options(std::move(credentials)), std::move(made)) {}

    static SessionOptions options(std::shared_ptr<const CredentialTable> credentials) {
        SessionOptions options;
        options.credentials = std::move(credentials);
        options.headers = {{"X-Key", "secret"}, {"User-Agent", "me"}};
        return options;
    }

    Servers& servers;
    Session session;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

ASYNC_TEST("a session follows redirects for those who ask, and says where the answer comes from") {
    Bench bench({answer("302", "Location: /there\r\n"), answer("200")});
    const Response response = co_await send_following(bench.session, Request("GET", "http://a.example/here"));
    CHECK(response.status == 200);
    CHECK(response.url == "http://a.example/there");
    const std::string head = co_await bench.servers.head(1);
    CHECK(head.starts_with("GET /there HTTP/1.1\r\nHost: a.example\r\nX-Key: secret\r\n"));
}

ASYNC_TEST("headers that may be credentials stay within the origin, those of the session, too") {
    Bench bench({answer("302", "Location: https://b.example/\r\n"), answer("200")});
    Request request("GET", "http://a.example/");
    request.headers = {{"Authorization", "mine"}};
    co_await send_following(bench.session, std::move(request));
    CHECK(bench.servers.endpoints == std::vector<std::string>{"a.example:80", "secure b.example:443"});
    const std::string first = co_await bench.servers.head(0);
    CHECK(has(first, "X-Key: secret"));
    CHECK(has(first, "Authorization: mine"));
    const std::string second = co_await bench.servers.head(1);
    CHECK_FALSE(has(second, "X-Key"));
    CHECK_FALSE(has(second, "Authorization"));
    CHECK(has(second, "User-Agent: me\r\n"));
}

ASYNC_TEST("each hop sends the cookies of the jar, and leaves those that it gets") {
    Bench bench({answer("302", "Location: /there\r\nSet-Cookie: sid=1\r\n"), answer("200", "Set-Cookie: last=1\r\n")});
    CookieJar jar;
    co_await send_following(bench.session, Request("GET", "http://a.example/here"), RedirectOptions(), &jar);
    const std::string first = co_await bench.servers.head(0);
    CHECK_FALSE(has(first, "Cookie"));
    const std::string second = co_await bench.servers.head(1);
    CHECK(has(second, "\r\nCookie: sid=1\r\n"));
    CHECK(jar.header_for(Url("http://a.example/")) == "sid=1; last=1");
}

ASYNC_TEST("the error of a hop after 303 says that the request may have been executed") {
    Bench bench({answer("303", "Location: /there\r\n")});
    bool may_be = false;
    try {
        co_await send_following(bench.session, Request("POST", "http://a.example/here"));
    } catch (const SendError& error) {
        may_be = error.maybe_sent();
    }
    CHECK(may_be);
}

ASYNC_TEST("a redirect that is not followed is an answer") {
    Bench bench({answer("302", "Location: /there\r\n")});
    const Response response = co_await send_following(bench.session, Request("POST", "http://a.example/here"));
    CHECK(response.status == 302);
    CHECK(response.url == "http://a.example/here");
}

ASYNC_TEST("each hop has the credentials that name its server, and no others") {
    auto table = std::make_shared<CredentialTable>();
    table->add_origin("http://a.example", Credentials("first", "1"));
    table->add_host("b.example", Credentials("second", "2"));
    table->set_default(Credentials("any", "3"));
    Bench bench(std::make_unique<Servers>(std::vector<std::string>{
                    answer("302", "Location: http://b.example/\r\n"), answer("302", "Location: http://c.example/\r\n"),
                    answer("302", "Location: http://a.example/end\r\n"), answer("200")}),
                table);
    co_await send_following(bench.session, Request("GET", "http://a.example/"));
    std::vector<std::string> sent;
    for (std::size_t n = 0; n < 4; ++n) {
        const std::string head = co_await bench.servers.head(n);
        const auto at = head.find("Authorization: ");
        sent.push_back(at == std::string::npos ? "" : head.substr(at + 15, head.find("\r\n", at) - at - 15));
        CHECK(has(head, "X-Key") == (n == 0));
    }
    const std::string first = basic_authorization(Credentials("first", "1"));
    CHECK(sent == std::vector<std::string>{first, basic_authorization(Credentials("second", "2")), "", first});
}
