#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"
#include "plait/mock/mock_options.hpp"
#include "plait/mock/request_ledger.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace plait::mock {

/// A third party to rehearse against: an HTTP/1.1 server that answers what it is told to.
///
///     /delay/<ms>            answers after that time, with a small JSON document
///     /delay/<ms>/<bytes>    with so many bytes of text
///     /status/<code>         answers with this status
///     /fault/<name>          what this fault does to the usual answer
///     /refuse/<seconds>      429 that says to come again then; /<headers> and /<lie> may follow
///     /stats                 what it has seen, as JSON; /stats/ids per id, /stats/ids/<id> of one
///     anything else          an echo of the request as JSON, or what the options say
///
/// What goes wrong, and how much is let in, is in the options; `/fault`, `/refuse` and `/stats` do only what they say.
/// Requests are counted by their ids: the query's `id`, else the header `X-Request-Id`, else `Idempotency-Key`, else
/// the last segment of the path. The answers of one connection come in the order of its requests, one after another.
class MockServer {
  public:
    /// Listens from now on. Throws `Error(bad_input)` when an address can't be had or an option makes no sense,
    /// `Error(storage)` when the certificate can't be written.
    explicit MockServer(MockOptions options);
    MockServer(MockServer&&) noexcept;
    MockServer& operator=(MockServer&&) noexcept;
    ~MockServer();

    std::uint16_t port() const noexcept;

    /// What stands before the paths, such as `http://127.0.0.1:8080`: that of the first host.
    std::string url() const;

    /// Takes connections and answers, until it is cancelled. The server must outlive the task.
    Task<void> serve();

    /// Answers one connection that is already there, without TLS, until its client ends it. The server must outlive the
    /// task.
    Task<void> serve_connection(std::unique_ptr<ByteStream> connection);

    MockStatistics statistics() const noexcept;

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace plait::mock
