#include "plait/mock/mock_server.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/mock/internal/answer.hpp"
#include "plait/mock/internal/request_rate.hpp"
#include "plait/mock/internal/request_reader.hpp"
#include "plait/net/certificate.hpp"
#include "plait/net/tcp_stream.hpp"
#include "plait/net/tls_stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace plait::mock {

namespace {

using mock::internal::Answer;
using mock::internal::ReceivedRequest;
using mock::internal::RequestReader;
using namespace std::chrono_literals;

/// When no connection can be taken, for want of descriptors: until some have been closed.
constexpr Duration wait_for_descriptors = 50ms;

/// How long a client that was refused may go on sending before its connection is closed.
constexpr Duration linger = 1s;

constexpr std::size_t block_size = 64 * 1024;

void check(const MockOptions& options) {
    const auto refuse = [](const char* reason) { throw Error(ErrorCode::bad_input, reason); };
    if (options.hosts.empty()) refuse("a mock server listens at one address or more");
    if (options.status < 200 || options.status > 599) refuse("the status of a mock server is from 200 to 599");
    if (options.latency.least < Duration::zero() || options.latency.least > options.latency.most) {
        refuse("the latency of a mock server goes from the shorter to the longer time");
    }
}

net::Address address_of(const std::string& host, std::uint16_t port) {
    const auto address = net::Address::parse(host, port);
    if (!address) {
        throw Error(ErrorCode::bad_input, "listen at '" + host + "': not an address; write 127.0.0.1, ::1 or 0.0.0.0");
    }
    return *address;
}

void write_file(const std::string& path, const std::string& text) {
    constexpr mode_t only_ours = 0600;
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, only_ours));
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        throw Error(ErrorCode::storage, "write " + path + ": " + system_message(errno));
    }
}

net::TlsServerContext make_tls(const MockOptions& options) {
    std::vector<std::string> names = options.hosts;
    names.push_back("localhost");
    net::Certificate certificate = net::make_certificate(net::CertificateOptions(std::move(names)));
    if (!options.ca_file.empty()) write_file(options.ca_file, certificate.certificate);
    net::TlsServerOptions tls(std::move(certificate));
    tls.protocols = {"http/1.1"};
    return net::TlsServerContext(std::move(tls));
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

const std::string& fill_block() {
    static const std::string block(block_size, 'x');
    return block;
}

}  // namespace

class MockServer::Implementation {
  public:
    explicit Implementation(MockOptions options);

    const net::Address& address() const noexcept { return listeners_.front()->address(); }
    std::string url() const;
    MockStatistics statistics() const noexcept;

    Task<void> serve();
    Task<void> serve_connection(std::unique_ptr<ByteStream> connection);

  private:
    /// Counts a request in, and out when its answer is sent or given up.
    class InFlight {
      public:
        explicit InFlight(Implementation& server) noexcept;
        InFlight(const InFlight&) = delete;
        InFlight& operator=(const InFlight&) = delete;
        ~InFlight() { --server_.statistics_.in_flight; }

      private:
        Implementation& server_;
    };

    Task<void> take_connections(net::TcpListener& listener, TaskGroup& connections);
    Task<void> serve_client(std::unique_ptr<ByteStream> connection);
    Task<void> converse(ByteStream& stream);
    Task<bool> receive(ByteStream& stream, RequestReader& reader);
    Task<void> answer(ByteStream& stream, const ReceivedRequest& request);
    Task<void> refuse(ByteStream& stream, int status);
    Task<void> send(ByteStream& stream, const Answer& answer, const ReceivedRequest& request);
    Task<void> send_rest(ByteStream& stream, std::string rest, std::size_t fill);
    Task<void> discard(ByteStream& stream);

    const MockOptions options_;
    std::vector<std::unique_ptr<net::TcpListener>> listeners_;
    std::optional<net::TlsServerContext> tls_;
    mock::internal::LatencySource latencies_;
    MockStatistics statistics_;
    mock::internal::RequestRate rate_;
    // Used by all connections, none of which waits while it uses them: a waiting connection holds no buffers.
    std::array<std::byte, block_size> received_;
    std::string sent_;
};

MockServer::Implementation::Implementation(MockOptions options)
    : options_(std::move(options)), latencies_(options_.latency, options_.seed) {
    check(options_);
    std::uint16_t port = options_.port;
    for (const std::string& host : options_.hosts) {
        listeners_.push_back(std::make_unique<net::TcpListener>(address_of(host, port)));
        port = address().port();
    }
    if (options_.tls) tls_.emplace(make_tls(options_));
}

std::string MockServer::Implementation::url() const {
    return (options_.tls ? "https://" : "http://") + address().to_string();
}

MockStatistics MockServer::Implementation::statistics() const noexcept {
    MockStatistics result = statistics_;
    result.most_in_a_second = rate_.most_in_a_second();
    return result;
}

MockServer::Implementation::InFlight::InFlight(Implementation& server) noexcept : server_(server) {
    MockStatistics& statistics = server.statistics_;
    ++statistics.requests;
    ++statistics.in_flight;
    statistics.most_in_flight = std::max(statistics.most_in_flight, statistics.in_flight);
    server.rate_.count(now());
}

Task<void> MockServer::Implementation::serve() {
    TaskGroup tasks;
    for (const auto& listener : listeners_) tasks.start(take_connections(*listener, tasks), "accept");
    co_await tasks.join();
}

Task<void> MockServer::Implementation::take_connections(net::TcpListener& listener, TaskGroup& connections) {
    for (;;) {
        std::unique_ptr<ByteStream> connection;
        try {
            connection = co_await listener.accept();
        } catch (const Error&) {
        }
        if (connection) {
            connections.start(serve_client(std::move(connection)), "connection");
        } else {
            co_await sleep_for(wait_for_descriptors);
        }
    }
}

Task<void> MockServer::Implementation::serve_client(std::unique_ptr<ByteStream> connection) {
    if (tls_) {
        try {
            std::string peer = "a client";
            connection = co_await tls_->accept(std::move(connection), std::move(peer));
        } catch (const Error&) {
            co_return;  // the client was told by TLS itself
        }
    }
    co_await serve_connection(std::move(connection));
}

Task<void> MockServer::Implementation::serve_connection(std::unique_ptr<ByteStream> connection) {
    ++statistics_.connections;
    try {
        co_await converse(*connection);
    } catch (const Error&) {
        // The client is gone, in the middle of something. That is its own business.
    }
}

Task<void> MockServer::Implementation::converse(ByteStream& stream) {
    RequestReader reader(options_);
    while (co_await receive(stream, reader)) {
        co_await answer(stream, reader.request());
        if (!reader.request().keep_alive) break;
    }
    stream.close_write();
}

/// Reads the next request. False when there is none: the client has ended the connection, or its request was refused.
Task<bool> MockServer::Implementation::receive(ByteStream& stream, RequestReader& reader) {
    using Progress = RequestReader::Progress;
    for (Progress progress = reader.receive(); progress != Progress::complete;) {
        if (progress == Progress::refused) {
            co_await refuse(stream, reader.refusal());
            co_return false;
        }
        if (reader.take_expectation()) co_await write_all(stream, bytes_of("HTTP/1.1 100 Continue\r\n\r\n"));
        co_await stream.readable();
        const auto count = stream.try_read(received_);
        if (!count) continue;
        if (*count == 0) co_return false;
        progress = reader.receive({reinterpret_cast<const char*>(received_.data()), *count});
    }
    co_return true;
}

Task<void> MockServer::Implementation::answer(ByteStream& stream, const ReceivedRequest& request) {
    if (mock::internal::asks_for_statistics(request)) {
        const Answer answer = mock::internal::statistics_answer(statistics());
        co_await send(stream, answer, request);
        co_return;
    }
    const InFlight counted(*this);
    const Answer answer = mock::internal::decide_answer(request, options_, latencies_);
    if (answer.delay > Duration::zero()) co_await sleep_for(answer.delay);
    co_await send(stream, answer, request);
}

Task<void> MockServer::Implementation::refuse(ByteStream& stream, int status) {
    const ReceivedRequest unreadable;
    const Answer answer = mock::internal::refusal_answer(status);
    co_await send(stream, answer, unreadable);
    stream.close_write();
    // Closing with bytes unread resets the connection, and the client might never see the answer.
    co_await within(linger, discard(stream));
}

Task<void> MockServer::Implementation::discard(ByteStream& stream) {
    for (;;) {
        co_await stream.readable();
        if (stream.try_read(received_) == 0) co_return;
    }
}

Task<void> MockServer::Implementation::send(ByteStream& stream, const Answer& answer, const ReceivedRequest& request) {
    sent_.clear();
    mock::internal::append_answer(sent_, answer, request);
    std::size_t fill = mock::internal::has_body(answer, request) ? answer.fill : 0;
    if (sent_.size() + fill <= block_size) sent_.append(std::exchange(fill, 0), 'x');
    const std::size_t taken = stream.try_write(bytes_of(sent_)).value_or(0);
    if (taken == sent_.size() && fill == 0) co_return;
    co_await send_rest(stream, sent_.substr(taken), fill);
}

Task<void> MockServer::Implementation::send_rest(ByteStream& stream, std::string rest, std::size_t fill) {
    co_await write_all(stream, bytes_of(rest));
    while (fill > 0) {
        const std::size_t count = std::min(fill, block_size);
        co_await write_all(stream, bytes_of(fill_block()).first(count));
        fill -= count;
    }
}

MockServer::MockServer(MockOptions options) : implementation_(std::make_unique<Implementation>(std::move(options))) {}
MockServer::MockServer(MockServer&&) noexcept = default;
MockServer& MockServer::operator=(MockServer&&) noexcept = default;
MockServer::~MockServer() = default;

std::uint16_t MockServer::port() const noexcept { return implementation_->address().port(); }
std::string MockServer::url() const { return implementation_->url(); }
MockStatistics MockServer::statistics() const noexcept { return implementation_->statistics(); }
Task<void> MockServer::serve() { return implementation_->serve(); }
Task<void> MockServer::serve_connection(std::unique_ptr<ByteStream> connection) {
    return implementation_->serve_connection(std::move(connection));
}

}  // namespace plait::mock
