#include "plait/mock/mock_server.hpp"

#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/base/scoped_count.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/http/incoming/request_reader.hpp"
#include "plait/mock/internal/answer_writer.hpp"
#include "plait/mock/internal/answering.hpp"
#include "plait/mock/internal/delivery.hpp"
#include "plait/mock/internal/fault_table.hpp"
#include "plait/mock/internal/http2_conversation.hpp"
#include "plait/net/certificate.hpp"
#include "plait/net/tcp_stream.hpp"
#include "plait/net/tls_stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace plait::mock {

namespace {

using http::ReceivedRequest;
using http::RequestReader;
using mock::internal::Arrival;
using mock::internal::Ending;
using mock::internal::StreamEnding;
using namespace std::chrono_literals;

/// How long to wait for a free descriptor when no connection can be accepted.
constexpr Duration wait_for_descriptors = 50ms;

/// How a client of HTTP/2 begins (RFC 9113, section 3.4). No request of HTTP/1.1 begins like this.
constexpr std::string_view http2_mark = "PRI * ";

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

void check(const MockOptions& options) {
    if (options.hosts.empty()) throw_bad_input("a mock server listens at one address or more");
    if (options.status < 200 || options.status > 599) throw_bad_input("the status of a mock server is from 200 to 599");
    for (const Latency& latency : {options.latency, options.latency_before}) {
        if (latency.least < Duration::zero() || latency.least > latency.most) {
            throw_bad_input("the latency of a mock server goes from the shorter to the longer time");
        }
        if (!(latency.sigma >= 0 && latency.sigma <= Latency::widest_sigma)) {
            throw_bad_input("the sigma of a mock server's latency is from 0 to 3");
        }
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
    tls.protocols = {"h2", "http/1.1"};
    return net::TlsServerContext(std::move(tls));
}

}  // namespace

class MockServer::Implementation {
  public:
    explicit Implementation(MockOptions options);

    const net::Address& address() const noexcept { return listeners_.front()->address(); }
    std::string url() const;
    MockStatistics statistics() const noexcept { return ledger_->statistics(); }

    Task<void> serve();
    Task<void> serve_connection(std::unique_ptr<ByteStream> connection);

  private:
    Task<void> take_connections(net::TcpListener& listener, TaskGroup& connections);
    Task<void> serve_client(std::unique_ptr<ByteStream> connection);
    Task<void> converse(ByteStream& stream);
    Task<void> converse_in_http_2(ByteStream& stream, std::string received);
    Task<StreamEnding> answer_in_http_2(ByteStream& stream, const ReceivedRequest& request);
    Task<std::string> read_beginning(ByteStream& stream);
    Task<std::optional<Arrival>> receive(ByteStream& stream, RequestReader& reader, std::string received);

    const MockOptions options_;
    std::vector<std::unique_ptr<net::TcpListener>> listeners_;
    std::optional<net::TlsServerContext> tls_;
    const std::shared_ptr<RequestLedger> ledger_;
    mock::internal::AnswerWriter writer_;
    mock::internal::Answering answering_;
    std::size_t open_connections_ = 0;
    // Shared by all connections, none of which waits while it uses it. So a waiting connection holds no buffer.
    std::array<std::byte, mock::internal::AnswerWriter::block_size> received_;
};

MockServer::Implementation::Implementation(MockOptions options)
    : options_(std::move(options)),
      ledger_(options_.ledger ? options_.ledger : std::make_shared<RequestLedger>(options_.most_ids)),
      writer_(options_.crash),
      answering_(options_, *ledger_, writer_) {
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
        if (connection && options_.most_connections != 0 && open_connections_ >= options_.most_connections) {
            ledger_->connection_refused();
        } else if (connection) {
            connections.start(serve_client(std::move(connection)), "connection");
        } else {
            co_await sleep_for(wait_for_descriptors);
        }
    }
}

Task<void> MockServer::Implementation::serve_client(std::unique_ptr<ByteStream> connection) {
    const ScopedCount counted(open_connections_);
    if (tls_) {
        try {
            std::string peer = "a client";
            connection = co_await tls_->accept(std::move(connection), std::move(peer));
        } catch (const Error&) {
            co_return;  // the TLS layer has reported the failure to the client
        }
    }
    co_await serve_connection(std::move(connection));
}

Task<void> MockServer::Implementation::serve_connection(std::unique_ptr<ByteStream> connection) {
    ledger_->connected();
    try {
        co_await converse(*connection);
    } catch (const Error&) {
        // The client disconnected in the middle of an exchange, which is not the server's error.
    }
}

Task<void> MockServer::Implementation::converse(ByteStream& stream) {
    std::string beginning = co_await read_beginning(stream);
    if (beginning.empty()) co_return;
    if (beginning.starts_with(http2_mark)) co_return co_await converse_in_http_2(stream, std::move(beginning));
    RequestReader reader({options_.header_bytes, options_.request_body_bytes});
    for (;;) {
        std::string received = std::exchange(beginning, std::string());
        const std::optional<Arrival> arrival = co_await receive(stream, reader, std::move(received));
        if (!arrival) break;
        const Ending ending = co_await answering_.answer(stream, reader.request(), *arrival);
        if (ending == Ending::reset) {
            stream.reset_at_close();
            co_return;
        }
        if (ending != Ending::next_request || !reader.request().keep_alive) break;
    }
    stream.close_write();
}

/// Reads enough to tell HTTP/2 from HTTP/1.1; nothing when the client has closed.
Task<std::string> MockServer::Implementation::read_beginning(ByteStream& stream) {
    std::string beginning;
    while (beginning.size() < http2_mark.size() && http2_mark.starts_with(beginning)) {
        co_await stream.readable();
        const auto count = stream.try_read(received_);
        if (count == 0) break;
        beginning.append(reinterpret_cast<const char*>(received_.data()), count.value_or(0));
    }
    co_return beginning;
}

Task<void> MockServer::Implementation::converse_in_http_2(ByteStream& stream, std::string received) {
    http::Http2ServerOptions settings;
    settings.max_streams = options_.max_streams;
    settings.header_bytes = options_.header_bytes;
    settings.body_bytes = options_.request_body_bytes;
    mock::internal::Http2Conversation conversation(
        stream, settings,
        [this](ByteStream& answers, const ReceivedRequest& request) { return answer_in_http_2(answers, request); });
    co_await conversation.run(std::move(received));
}

Task<StreamEnding> MockServer::Implementation::answer_in_http_2(ByteStream& stream, const ReceivedRequest& request) {
    const Arrival arrival = answering_.arrival_of(request);
    StreamEnding ending;
    if (arrival.fault) {
        ending.needs_http_1 = arrival.fault->row().name == mock::internal::http_1_1_required;
        ending.was_read = !arrival.fault->row().before_reading;
        ending.is_goodbye = arrival.fault->row().name == mock::internal::goodbye;
    }
    if (ending.needs_http_1) {
        ledger_->struck(arrival.fault->index());
        co_return ending;
    }
    ending.ending = co_await answering_.answer(stream, request, arrival);
    co_return ending;
}

/// Reads the next request, or only its head when its fault strikes then. Returns nothing when there is none: the client
/// has ended the connection, or its request was refused.
Task<std::optional<Arrival>> MockServer::Implementation::receive(ByteStream& stream, RequestReader& reader,
                                                                 std::string received) {
    using Progress = RequestReader::Progress;
    std::optional<Arrival> arrival;
    for (Progress progress = reader.receive(received);;) {
        if (progress == Progress::refused) {
            co_await writer_.refuse(stream, reader.refusal());
            co_return std::nullopt;
        }
        if (!arrival && reader.has_head()) arrival = answering_.arrival_of(reader.request());
        const bool is_struck = arrival && arrival->fault && arrival->fault->row().before_reading;
        if (is_struck || progress == Progress::complete) co_return arrival;
        if (reader.take_expectation()) co_await write_all(stream, std::as_bytes(std::span(continue_line)));
        co_await stream.readable();
        const auto count = stream.try_read(received_);
        if (!count) continue;
        if (*count == 0) co_return std::nullopt;
        progress = reader.receive({reinterpret_cast<const char*>(received_.data()), *count});
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
