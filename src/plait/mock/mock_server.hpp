#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"
#include "plait/mock/mock_options.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace plait::mock {

/// What a mock server has seen. Requests for `/stats` are not among it.
struct MockStatistics {
    std::uint64_t requests = 0;
    std::uint64_t connections = 0;
    std::uint64_t in_flight = 0;
    std::uint64_t most_in_flight = 0;
    /// The most requests that came within one second, any second.
    std::uint64_t most_in_a_second = 0;
};

/// A third party to rehearse against: an HTTP/1.1 server that answers what it is told to.
///
///     /delay/<ms>            answers after that time, with a small JSON document
///     /delay/<ms>/<bytes>    with so many bytes of text
///     /status/<code>         answers with this status
///     /stats                 what it has seen, as JSON
///     anything else          an echo of the request as JSON, or what the options say
///
/// The answers of one connection come in the order of its requests, one after another.
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
