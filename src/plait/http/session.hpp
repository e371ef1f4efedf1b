#pragma once

#include "plait/async/task.hpp"
#include "plait/base/boxed.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/body/body_memory.hpp"
#include "plait/http/body/limits.hpp"
#include "plait/http/connect/connector.hpp"
#include "plait/http/connection_pool.hpp"
#include "plait/http/login/credentials.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/message/response.hpp"
#include "plait/http/origin_habits.hpp"
#include "plait/http/proxy/routes.hpp"
#include "plait/http/send_error.hpp"
#include "plait/http/send_outcome.hpp"
#include "plait/net/tls_stream.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace plait::http {

namespace internal {
class BodyWriter;
class H2Pool;
class HeadWriter;
struct ExchangeRules;
struct RelayedForm;
}  // namespace internal

/// Time limits of one attempt. When one passes, the attempt fails with `ErrorCode::timeout`.
///
/// A server may think in silence for as long as the attempt may take, unless `idle` is set; TCP keep-alive finds peers
/// that are gone. Zero or less fails at once.
struct Timeouts {
    /// The whole attempt: from `send` to the last byte of the answer, including the wait for a free connection.
    /// `Request::timeout` overrides it.
    Duration attempt = std::chrono::seconds(120);
    /// Looking up the host, connecting and TLS together. None: limited by `attempt` alone.
    std::optional<Duration> connect{};
    /// The time without a byte in either direction on an open connection, such as before the first byte of the answer.
    /// None: limited by `attempt` alone.
    std::optional<Duration> idle{};
};

/// Which version of HTTP a session speaks.
enum class HttpChoice {
    automatic,  ///< over TLS, what the server chooses: HTTP/2 if it can; else HTTP/1.1
    http_1_1,
    http_2,  ///< without TLS, too ("prior knowledge"); a server that does not speak it is an error
};

/// The settings of a session. Each has a default that suits most programs.
class SessionOptions {
  public:
    SessionOptions() {}

    HttpChoice http = HttpChoice::automatic;
    Timeouts timeouts;
    /// An answer of the type `text/event-stream` is complete after the event of this type or with this data, such as
    /// `[DONE]`, even if the server sends more. Empty: it ends where the server ends it.
    std::string until_event;
    /// Limits on what a server may send. A body is held in memory whole, at most `limits.body_bytes` (100 MiB).
    Limits limits;
    PoolOptions pool;
    /// `protocols` is ignored: `http` decides.
    net::TlsOptions tls;
    /// Where connections lead: proxies, other hosts and addresses, a Unix socket. The environment is not read.
    Routes routes;
    /// Sent with each request that has no header of that name.
    Headers headers;
    /// For servers that want a user and password: sent as `Authorization` with each request that has none, to the
    /// server that they are for, also after a redirect. Null: there are none.
    std::shared_ptr<const CredentialTable> credentials;
    /// Asks for compressed answers and decompresses them (gzip, deflate, br, zstd; RFC 9110, section 8.4). A request
    /// with an `Accept-Encoding` of its own asks for nothing else, and one with a `Range` for `identity`; an answer
    /// that is compressed is still decompressed.
    bool decode = true;
    /// Experience with the servers' kept connections, shared with other sessions. Null: the session has its own.
    std::shared_ptr<OriginHabits> habits;
    /// The limit on the bodies of all answers in flight together, shared with other sessions. Null: the session has its
    /// own, a quarter of the memory that this process may use.
    std::shared_ptr<BodyMemory> body_memory;
};

/// Sends HTTP requests, and keeps the connections for the next ones.
///
///     http::Session session;
///     const http::Response response = plait::run(session.get("https://api.example/v1/items"));  // blocks
///     const http::Response other = co_await session.post("https://api.example/v1/items", "{}");  // in a task
///     if (other.status == 201) use(other.body);
///
/// An answer is an answer whatever its status: 404 and 500 are not errors, and a redirect is not followed
/// (`send_following` in `http/redirects.hpp` does). If there is
/// no answer, `send` throws `SendError`, which says whether the request may have been executed. It never sends a
/// request twice by itself. It speaks HTTP/1.1 and HTTP/2.
///
/// A session belongs to one thread, where any number of tasks may use it at the same time; it must outlive them. It can
/// be made outside of a loop, and used by one loop of the thread after another.
class Session {
  public:
    explicit Session(SessionOptions options = {});
    /// With connections from `connector`, such as streams in memory.
    Session(SessionOptions options, std::unique_ptr<Connector> connector);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    /// Makes one attempt to send `request`, and returns the answer.
    ///
    /// Suspends while it waits for a connection (where `PoolOptions` limits them), for its making, and for the peer.
    /// Cancelling it closes the connection; over HTTP/2, only its stream. Throws `SendError`, whose code is
    ///
    /// - `bad_input`: headers contradict the request, such as a wrong `Content-Length`; nothing was sent;
    /// - `proxy`: the proxy can't be reached or refused, and says why; nothing has reached the server;
    /// - `dns`, `connect`, `tls`: no address was found, no address accepted the connection,
    ///   or the peer is not trusted;
    ///   nothing was sent;
    /// - `reset`: the connection broke, or ended before the answer did;
    /// - `protocol`: the answer breaks the rules of HTTP/1.1 or HTTP/2, its compressed body is damaged or truncated, or
    ///   the server does not speak `options.http`;
    /// - `too_large`: the answer exceeds one of `Limits`, or all bodies together exceed `body_memory`;
    /// - `timeout`: one of `Timeouts` passed.
    Task<Response> send(Request request);

    /// The same without a copy and without an exception: what `send` would throw is a value. `request` must outlive the
    /// task. Answer and failure are on the heap: the frames of the coroutines that wait need no room for them.
    Task<SendOutcome> try_send(const Request& request);

    /// Sends a GET request. An invalid URL throws `Error(bad_input)` right here, before anything is awaited.
    Task<Response> get(Url url);

    /// Sends a POST request, without a `Content-Type`: to set one, `send` a `Request` with that header.
    Task<Response> post(Url url, std::string body);

    /// Reads the certificates that `options` name, so that a program can report mistakes before its first call. Throws
    /// `Error(bad_input)`, which says what is wrong with which file.
    static void check_files(const SessionOptions& options);

    const SessionOptions& options() const noexcept { return options_; }

  private:
    class Attempt;

    bool may_speak_http_2(const Url& url) const noexcept;
    const Proxy* relay_for(const Url& url) const;
    const Headers& headers_for(const Request& request);
    std::unique_ptr<const internal::ExchangeRules> exchange_rules() const;
    const Headers& with_credentials(const Request& request, const Credentials& credentials);
    std::optional<internal::RelayedForm> relayed_form(const Url& url) const;
    bool asks_relay_again(const Request& request, const Response* answer, Boxed<SendFailure>& failure);

    SessionOptions options_;
    std::shared_ptr<BodyMemory> body_memory_;
    std::unique_ptr<internal::BodyWriter> body_writer_;  ///< null: no body goes to a file
    std::unique_ptr<const internal::ExchangeRules> exchange_rules_;
    std::unique_ptr<Connector> connector_;
    using HeadersOfOrigins = std::map<std::string, Headers, std::less<>>;
    HeadersOfOrigins headers_of_origins_;          ///< with credentials
    HeadersOfOrigins headers_after_leaving_;       ///< credentials alone, for requests without default headers
    std::string relay_authorization_;              ///< for the proxy that relays; empty until it asks for it
    std::unique_ptr<internal::HeadWriter> heads_;  ///< of requests with the usual default headers
    ConnectionPool pool_;
    std::unique_ptr<internal::H2Pool> h2_pool_;  // last: its connections hold leases of `pool_`
};

}  // namespace plait::http
