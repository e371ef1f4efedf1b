#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/body_memory.hpp"
#include "plait/http/connection_pool.hpp"
#include "plait/http/connector.hpp"
#include "plait/http/headers.hpp"
#include "plait/http/limits.hpp"
#include "plait/http/origin_habits.hpp"
#include "plait/http/request.hpp"
#include "plait/http/response.hpp"
#include "plait/http/send_error.hpp"
#include "plait/net/tls_stream.hpp"

#include <memory>
#include <optional>
#include <string>

namespace plait::http {

/// Time limits of one attempt. A limit that passes fails the attempt with the code `timeout`. There are no others: a
/// server may think in silence for as long as the attempt may take, and TCP keep-alive finds the dead ones.
struct Timeouts {
    /// All of the attempt, unless the request says otherwise. Waiting for a free connection is part of it.
    Duration attempt = std::chrono::seconds(120);
    /// Finding the addresses, connecting, and encryption. None: as long as the attempt.
    std::optional<Duration> connect{};
    /// No byte moves in either direction, on an open connection. None: as long as the attempt.
    std::optional<Duration> idle{};
};

/// What a session is made with.
class SessionOptions {
  public:
    SessionOptions() {}

    Timeouts timeouts;
    Limits limits;
    PoolOptions pool;
    /// `protocols` is not looked at: the session speaks HTTP/1.1.
    net::TlsOptions tls;
    /// Sent with each request that has none of that name.
    Headers headers;
    /// What is known of the servers' habits, shared with other sessions. Null: the session has its own.
    std::shared_ptr<OriginHabits> habits;
    /// What the bodies of all answers in flight may hold together, shared with other sessions. Null: the session has a
    /// quarter of the memory that this process may use.
    std::shared_ptr<BodyMemory> body_memory;
};

/// Sends requests over HTTP/1.1 and keeps the connections for the next ones.
///
/// A session never sends a request twice: when a kept connection dies under it, the attempt fails and says whether the
/// request may have arrived (`SendError`). A redirect is an answer like any other. Any number of tasks of one thread
/// use a session at the same time; it must outlive them. Loops of that thread may come and go between.
class Session {
  public:
    explicit Session(SessionOptions options = {});
    /// With connections from `connector`, such as streams in memory.
    Session(SessionOptions options, std::unique_ptr<Connector> connector);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    /// Makes one attempt: the answer, whatever its status. Throws `SendError`. Cancelling it closes its connection.
    Task<Response> send(Request request);

    /// The same for a request that outlives the task, and is not copied for it.
    Task<Response> send_kept(const Request& request);

    Task<Response> get(Url url);
    Task<Response> post(Url url, std::string body);

    const SessionOptions& options() const noexcept { return options_; }

  private:
    class Attempt;

    SessionOptions options_;
    std::shared_ptr<BodyMemory> body_memory_;
    std::unique_ptr<Connector> connector_;
    ConnectionPool pool_;
};

}  // namespace plait::http
