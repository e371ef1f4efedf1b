#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/status/run_report.hpp"
#include "plait/watch/watched_run.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace plait::watch {

/// Shows a live run as a page in a browser on this machine, and lets it pause, resume and stop the run.
///
///     watch::WatchServer server;
///     std::cerr << "watch the run at " << server.url() << '\n';
///     beside.start(server.serve(watched));
///     ...
///     server.finish(run.report());
///
/// It listens at 127.0.0.1 and, where there is one, ::1, and at no other address. Only a URL with its token is answered
/// (`internal/route.hpp`). The state goes to every page as a server-sent event, twice a second: a page that is slow to
/// read misses some, and holds up nothing.
class WatchServer {
  public:
    /// The time between two states.
    static constexpr Duration interval = std::chrono::milliseconds(500);
    /// Further connections are closed at once.
    static constexpr std::size_t most_connections = 64;
    /// The most connections that have not shown the token. A new one takes the place of the oldest.
    static constexpr std::size_t most_strangers = 16;
    /// How long a connection may take to show the token.
    static constexpr Duration patience_with_strangers = std::chrono::seconds(5);
    /// How long a connection that has shown it may be without a request, and a page may take to receive an event.
    static constexpr Duration patience = std::chrono::minutes(1);

    /// Port 0: a free one. Throws `Error(bad_input)` when the port is in use.
    explicit WatchServer(std::uint16_t port = 0);
    WatchServer(WatchServer&&) noexcept;
    WatchServer& operator=(WatchServer&&) noexcept;
    ~WatchServer();

    /// Returns the address of the page, with the token: `http://127.0.0.1:40123/2f0c.../`.
    std::string url() const;

    /// Answers browsers until it is cancelled. Once. The server, and what the functions of `run` refer to, outlive the
    /// task.
    Task<void> serve(WatchedRun run);

    // For tests, the parts of `serve`: what it does without a network.

    /// Takes the state of the run, and passes it on, until it is cancelled.
    Task<void> follow(WatchedRun run);
    /// Answers the requests of one connection.
    Task<void> serve_connection(std::unique_ptr<ByteStream> connection);

    /// Tells the open pages how the run ended. Does not wait: a page that has not read what came before misses it.
    void finish(const batch::RunReport& last);

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace plait::watch
