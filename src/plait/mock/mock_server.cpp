#include "plait/mock/mock_server.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/http/incoming/request_reader.hpp"
#include "plait/mock/internal/behaviour.hpp"
#include "plait/mock/internal/delivery.hpp"
#include "plait/mock/internal/fault_table.hpp"
#include "plait/mock/internal/http2_conversation.hpp"
#include "plait/mock/internal/statistics_answer.hpp"
#include "plait/mock/internal/target.hpp"
#include "plait/mock/limit/internal/rate_limiter.hpp"
#include "plait/net/certificate.hpp"
#include "plait/net/tcp_stream.hpp"
#include "plait/net/tls_stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace plait::mock {

namespace {

using http::ReceivedRequest;
using http::RequestReader;
using mock::internal::Answer;
using mock::internal::Chance;
using mock::internal::Delivery;
using mock::internal::Ending;
using mock::internal::SpanStates;
using mock::internal::StreamEnding;
using mock::internal::Verdict;
using namespace std::chrono_literals;

/// How long to wait for a free descriptor when no connection can be accepted.
constexpr Duration wait_for_descriptors = 50ms;

/// How long a client may keep sending after it was refused, before its connection is closed.
constexpr Duration linger = 1s;

constexpr std::size_t block_size = 64 * 1024;

/// How a client begins that speaks HTTP/2 (RFC 9113, section 3.4), and none of HTTP/1.1.
constexpr std::string_view http2_mark = "PRI * ";

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
    MockStatistics statistics() const noexcept { return ledger_->statistics(); }

    Task<void> serve();
    Task<void> serve_connection(std::unique_ptr<ByteStream> connection);

  private:
    /// A request whose head has arrived.
    struct Arrival {
        RequestLedger::Entry* entry;
        Chance chance;
        std::optional<Fault> fault;
    };

    /// Counts a request as in flight until its answer is sent or abandoned.
    class InFlight {
      public:
        InFlight(RequestLedger& ledger, RequestLedger::Entry* entry) noexcept : ledger_(ledger), entry_(entry) {
            ledger_.came(entry_, now());
        }
        InFlight(const InFlight&) = delete;
        InFlight& operator=(const InFlight&) = delete;
        ~InFlight() { ledger_.left(entry_); }

      private:
        RequestLedger& ledger_;
        RequestLedger::Entry* const entry_;
    };

    /// Counts a connection as open while it lives.
    class Open {
      public:
        explicit Open(std::size_t& count) noexcept : count_(count) { ++count_; }
        Open(const Open&) = delete;
        Open& operator=(const Open&) = delete;
        ~Open() { --count_; }

      private:
        std::size_t& count_;
    };

    Task<void> take_connections(net::TcpListener& listener, TaskGroup& connections);
    Task<void> serve_client(std::unique_ptr<ByteStream> connection);
    Task<void> converse(ByteStream& stream);
    Task<void> converse_in_http_2(ByteStream& stream, std::string received);
    Task<StreamEnding> answer_in_http_2(ByteStream& stream, const ReceivedRequest& request);
    Task<std::string> read_beginning(ByteStream& stream);
    Task<std::optional<Arrival>> receive(ByteStream& stream, RequestReader& reader, std::string received);
    Arrival arrival_of(const ReceivedRequest& request);
    SpanStates course_of(const ReceivedRequest& request, const Arrival& arrival, const MockStatistics& seen);
    Task<void> make(const SpanStates& course);
    Task<Ending> answer(ByteStream& stream, const ReceivedRequest& request, Arrival arrival);
    Task<void> refuse(ByteStream& stream, int status);
    Task<void> send(ByteStream& stream, const Answer& answer, const ReceivedRequest& request);
    Task<void> send_rest(ByteStream& stream, std::string rest, std::size_t fill);
    Task<Ending> deliver(ByteStream& stream, Delivery delivery);
    Task<void> drip(ByteStream& stream, std::string text, std::size_t fill, Duration per_byte);
    Task<void> discard(ByteStream& stream);
    void crash();

    const MockOptions options_;
    std::vector<std::unique_ptr<net::TcpListener>> listeners_;
    std::optional<net::TlsServerContext> tls_;
    const std::shared_ptr<RequestLedger> ledger_;
    mock::internal::RateLimiter limiter_;
    Semaphore slots_;
    std::size_t open_connections_ = 0;
    // Shared by all connections, none of which waits while it uses them. So a waiting connection holds no buffers.
    std::array<std::byte, block_size> received_;
    std::string sent_;
};

MockServer::Implementation::Implementation(MockOptions options)
    : options_(std::move(options)),
      ledger_(options_.ledger ? options_.ledger : std::make_shared<RequestLedger>(options_.most_ids)),
      limiter_(options_.allowed, options_.clock_epoch.time_since_epoch()),
      slots_(options_.slots) {
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
    const Open counted(open_connections_);
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
        const Ending ending = co_await answer(stream, reader.request(), *arrival);
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
    const Arrival arrival = arrival_of(request);
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
    ending.ending = co_await answer(stream, request, arrival);
    co_return ending;
}

/// Reads the next request, or only its head when its fault strikes then. Returns nothing when there is none: the client
/// has ended the connection, or its request was refused.
Task<std::optional<MockServer::Implementation::Arrival>> MockServer::Implementation::receive(ByteStream& stream,
                                                                                             RequestReader& reader,
                                                                                             std::string received) {
    using Progress = RequestReader::Progress;
    std::optional<Arrival> arrival;
    for (Progress progress = reader.receive(received);;) {
        if (progress == Progress::refused) {
            co_await refuse(stream, reader.refusal());
            co_return std::nullopt;
        }
        if (!arrival && reader.has_head()) arrival = arrival_of(reader.request());
        const bool is_struck = arrival && arrival->fault && arrival->fault->row().before_reading;
        if (is_struck || progress == Progress::complete) co_return arrival;
        if (reader.take_expectation()) co_await write_all(stream, bytes_of("HTTP/1.1 100 Continue\r\n\r\n"));
        co_await stream.readable();
        const auto count = stream.try_read(received_);
        if (!count) continue;
        if (*count == 0) co_return std::nullopt;
        progress = reader.receive({reinterpret_cast<const char*>(received_.data()), *count});
    }
}

MockServer::Implementation::Arrival MockServer::Implementation::arrival_of(const ReceivedRequest& request) {
    const std::string_view path = mock::internal::path_of(request.target);
    const std::string_view id = mock::internal::id_of(request);
    RequestLedger::Entry* const entry = mock::internal::asks_for_statistics(path) ? nullptr : ledger_->line_of(id);
    const Chance chance(options_.seed, id, ledger_->next_number(entry));
    return {entry, chance, mock::internal::fault_of(path, options_, chance)};
}

SpanStates MockServer::Implementation::course_of(const ReceivedRequest& request, const Arrival& arrival,
                                                 const MockStatistics& seen) {
    const std::string_view path = mock::internal::path_of(request.target);
    Verdict verdict;
    if (mock::internal::does_only_what_it_says(path)) {
        // No limit applies to these paths.
    } else if (options_.most_in_flight > 0 && seen.in_flight > options_.most_in_flight) {
        verdict = mock::internal::too_many_in_flight(options_.most_in_flight);
    } else {
        verdict = limiter_.judge(mock::internal::limit_key_of(request, options_.allowed_per), now());
    }
    mock::internal::Circumstances circumstances(arrival.chance, verdict);
    circumstances.fault = arrival.fault;
    circumstances.number = seen.requests;
    circumstances.in_flight = seen.in_flight;
    circumstances.now = options_.clock_epoch + now().time_since_epoch();
    return mock::internal::decide(request, options_, circumstances);
}

/// Waits for as long as the answer takes, in a slot if it needs one.
Task<void> MockServer::Implementation::make(const SpanStates& course) {
    if (course.wait > Duration::zero()) co_await sleep_for(course.wait);
    std::optional<Semaphore::Permit> slot;
    if (course.takes_slot) slot.emplace(co_await slots_.acquire());
    if (course.answer.delay > Duration::zero()) co_await sleep_for(course.answer.delay);
}

/// Sends the answer, or what a fault makes of it. Returns what happens to the connection.
Task<Ending> MockServer::Implementation::answer(ByteStream& stream, const ReceivedRequest& request, Arrival arrival) {
    if (mock::internal::asks_for_statistics(mock::internal::path_of(request.target))) {
        const Answer answer = mock::internal::statistics_answer(request.target, *ledger_);
        co_await send(stream, answer, request);
        co_return Ending::next_request;
    }
    if (arrival.fault && arrival.fault->row().before_reading) {
        ledger_->struck(arrival.fault->index());
        co_return Ending::reset;
    }
    const InFlight counted(*ledger_, arrival.entry);
    MockStatistics seen = ledger_->statistics();
    const Duration before =
        mock::internal::latency_before(mock::internal::path_of(request.target), options_, arrival.chance);
    if (before > Duration::zero()) {
        co_await sleep_for(before);
        seen.in_flight = ledger_->statistics().in_flight;
    }
    const SpanStates course = course_of(request, arrival, seen);
    if (course.refused) ledger_->refused(arrival.entry);
    if (course.fault) ledger_->struck(course.fault->index());
    if (course.answer.delay + course.wait > Duration::zero() || course.takes_slot) co_await make(course);
    Ending ending = Ending::next_request;
    if (course.fault) {
        Delivery delivery(course.answer, request);
        course.fault->row().effect(delivery);
        ending = co_await deliver(stream, std::move(delivery));
    } else {
        co_await send(stream, course.answer, request);
    }
    const bool is_answered = !course.refused && (!course.fault || course.fault->row().is_answer);
    if (is_answered) ledger_->answered(arrival.entry);
    co_return ending;
}

Task<void> MockServer::Implementation::refuse(ByteStream& stream, int status) {
    const ReceivedRequest unreadable;
    const Answer answer = mock::internal::refusal_answer(status);
    co_await send(stream, answer, unreadable);
    stream.close_write();
    // Closing with unread bytes resets the connection, and the client might never see the answer.
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

Task<Ending> MockServer::Implementation::deliver(ByteStream& stream, Delivery delivery) {
    std::string text = std::move(delivery.head);
    text += delivery.body;
    if (delivery.per_byte > Duration::zero()) {
        co_await drip(stream, std::move(text), delivery.fill, delivery.per_byte);
    } else {
        co_await send_rest(stream, std::move(text), delivery.fill);
    }
    if (delivery.ending == Ending::stall) co_await discard(stream);
    if (delivery.ending == Ending::crash) crash();
    co_return delivery.ending;
}

Task<void> MockServer::Implementation::drip(ByteStream& stream, std::string text, std::size_t fill, Duration per_byte) {
    text.append(fill, 'x');
    for (const char& byte : text) {
        co_await write_all(stream, std::as_bytes(std::span(&byte, 1)));
        co_await sleep_for(per_byte);
    }
}

void MockServer::Implementation::crash() {
    if (options_.crash) return options_.crash();
    ::kill(::getpid(), SIGKILL);
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
