#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"
#include "plait/mock/mock_options.hpp"
#include "plait/mock/request_ledger.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace plait::mock {

/// A mock API server to rehearse against. The path of a request, or the options, decide its answer:
///
///     /delay/<ms>            a small JSON document after this time
///     /delay/<ms>/<bytes>    text of this size after this time
///     /status/<code>         an answer with this status
///     /fault/<name>          the usual answer with this fault
///     /refuse/<seconds>      429, with the time to come again; /<headers> and /<lie> may follow
///     /stats                 statistics as JSON; /stats/ids for all ids, /stats/ids/<id> for one
///     anything else          an echo of the request as JSON, or what the options say
///
/// Faults and limits are in the options; they do not apply to `/fault`, `/refuse` and `/stats`. Requests are counted by
/// their ids: `id` in the query, or else the header `X-Request-Id`, `Idempotency-Key`, or the last segment of the path.
/// Answers on one connection come in the order of its requests, one after another.
class MockServer {
  public:
    /// Starts to listen. Throws `Error(bad_input)` when an address is not available or an option is invalid, and
    /// `Error(storage)` when the certificate can't be written.
    explicit MockServer(MockOptions options);
    MockServer(MockServer&&) noexcept;
    MockServer& operator=(MockServer&&) noexcept;
    ~MockServer();

    std::uint16_t port() const noexcept;

    /// The base URL for the first host, such as `http://127.0.0.1:8080`.
    std::string url() const;

    /// Accepts connections and answers requests until it is cancelled. The server must outlive the task.
    Task<void> serve();

    /// Answers the requests of one open connection, without TLS, until its client ends it. The server must outlive the
    /// task.
    Task<void> serve_connection(std::unique_ptr<ByteStream> connection);

    MockStatistics statistics() const noexcept;

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace plait::mock
