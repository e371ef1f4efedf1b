#include "plait/net/internal/tls_sessions.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace plait;
using namespace std::chrono_literals;
using plait::net::internal::OfferedSession;
using plait::net::internal::OwnedSession;
using plait::net::internal::TlsSessions;

namespace {

constexpr TimePoint start = TimePoint(1h);

/// Keeps a new session, and returns it to compare it with.
const SSL_SESSION* keep(TlsSessions& sessions, const std::string& server, bool is_for_once, Duration lifetime = 1h) {
    OwnedSession session(::SSL_SESSION_new());
    const SSL_SESSION* const kept = session.get();
    sessions.keep(server, OfferedSession(std::move(session), is_for_once, start + lifetime));
    return kept;
}

}  // namespace

TEST_CASE("a session for once is taken once, the newest first") {
    TlsSessions sessions;
    const auto* first = keep(sessions, "a:443", true);
    const auto* second = keep(sessions, "a:443", true);
    CHECK(sessions.take("a:443", start).get() == second);
    CHECK(sessions.take("a:443", start).get() == first);
    CHECK(sessions.take("a:443", start) == nullptr);
}

TEST_CASE("another session can be taken until a newer one replaces it") {
    TlsSessions sessions;
    const auto* first = keep(sessions, "a:443", false);
    CHECK(sessions.take("a:443", start).get() == first);
    CHECK(sessions.take("a:443", start).get() == first);
    const auto* second = keep(sessions, "a:443", false);
    CHECK(sessions.take("a:443", start).get() == second);
    CHECK(sessions.size() == 1);
}

TEST_CASE("a session is for its server only") {
    TlsSessions sessions;
    keep(sessions, "a:443", true);
    CHECK(sessions.take("a:8443", start) == nullptr);
    CHECK(sessions.take("b:443", start) == nullptr);
}

TEST_CASE("a session whose lifetime is over is dropped") {
    TlsSessions sessions;
    keep(sessions, "a:443", true, 10min);
    keep(sessions, "b:443", false, 10min);
    CHECK(sessions.take("a:443", start + 10min) == nullptr);
    CHECK(sessions.take("b:443", start + 10min) == nullptr);
    CHECK(sessions.size() == 0);
}

TEST_CASE("the sessions of a server whose session failed are forgotten") {
    TlsSessions sessions;
    keep(sessions, "a:443", true);
    keep(sessions, "a:443", true);
    keep(sessions, "b:443", true);
    sessions.forget("a:443");
    sessions.forget("c:443");
    CHECK(sessions.take("a:443", start) == nullptr);
    CHECK(sessions.take("b:443", start) != nullptr);
}

TEST_CASE("the sessions of one server and of all have bounds") {
    TlsSessions sessions;
    for (std::size_t n = 0; n < TlsSessions::most_of_a_server + 10; ++n) keep(sessions, "a:443", true);
    CHECK(sessions.size() == TlsSessions::most_of_a_server);
    for (std::size_t n = 0; n < TlsSessions::most; ++n) keep(sessions, std::to_string(n), true);
    CHECK(sessions.size() == TlsSessions::most);
    CHECK(sessions.take("a:443", start) == nullptr);  // the oldest
}
