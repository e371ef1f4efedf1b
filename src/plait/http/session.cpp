#include "plait/http/session.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/text/words.hpp"
#include "plait/http/connect/internal/net_connector.hpp"
#include "plait/http/connect/internal/proxy_error.hpp"
#include "plait/http/h1/internal/exchange.hpp"
#include "plait/http/h1/internal/h1_request.hpp"
#include "plait/http/internal/h2_pool.hpp"
#include "plait/http/transfer/internal/body_writer.hpp"
#include "plait/trace/activity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

namespace plait::http {

using internal::Phase;

namespace {

std::string_view name_of(ConnectStep step) {
    switch (step) {
        case ConnectStep::resolving:
            return "looking up the host";
        case ConnectStep::connecting:
            return "connecting";
        case ConnectStep::tunnelling:
            return "asking the proxy for a connection";
        case ConnectStep::encrypting:
            return "agreeing on encryption";
    }
    return "";
}

std::string_view name_of(Phase phase) {
    switch (phase) {
        case Phase::sending:
            return "sending the request";
        case Phase::waiting:
            return "waiting for the answer";
        case Phase::receiving:
            return "receiving the answer";
    }
    return "";
}

constexpr int expectation_failed = 417;

/// Longer limits are cut to this, so that they can be added to a time without overflow.
constexpr Duration longest = std::chrono::hours(24 * 365);

Duration bounded(std::optional<Duration> limit) { return std::min(limit.value_or(longest), longest); }

// The names of the protocols in TLS (RFC 7301, section 6).
constexpr std::string_view alpn_http_1_1 = "http/1.1";
constexpr std::string_view alpn_http_2 = "h2";

net::TlsOptions offering(net::TlsOptions options, HttpChoice choice) {
    options.protocols.clear();
    if (choice != HttpChoice::http_1_1) options.protocols.emplace_back(alpn_http_2);
    // Also for HTTP/2 alone: a server without it then says so, rather than break off the handshake.
    options.protocols.emplace_back(alpn_http_1_1);
    return options;
}

internal::H2ConnectionOptions http_2_options(const SessionOptions& options) {
    internal::H2ConnectionOptions connection;
    connection.session.header_bytes = options.limits.header_bytes;
    return connection;
}

}  // namespace

/// One attempt: gets a connection, makes an exchange over it, and describes a failure.
class Session::Attempt {
  public:
    Attempt(Session& session, const Request& request)
        : session_(session),
          request_(request),
          start_(now()),
          bounds_{session.options_.limits,
                  *session.body_memory_,
                  session.options_.decode ? internal::Decoding::on : internal::Decoding::off,
                  bounded(session.options_.timeouts.idle),
                  start_ + std::min(bounded(request.timeout.value_or(session.options_.timeouts.attempt)),
                                    bounded(request.time_left)),
                  session.options_.until_event,
                  session.body_writer_.get()} {}

    Task<void> run() {
        const bool is_plain = !session_.may_speak_http_2(request_.url) && !internal::asks_before_body(request_);
        return is_plain ? run_http_1() : run_with_second_tries();
    }

    /// Writes the rest of a body that goes to a file. After `run`.
    Task<void> write_body() { return session_.body_writer_->write(record_.response, bounds_.deadline); }

    /// Valid after `run`.
    Response take_response();
    const Response& response() const noexcept { return record_.response; }
    SendError describe(const Error& error);

  private:
    Task<void> run_with_second_tries();
    std::string serialized_head();
    Task<void> run_http_1();
    Task<std::optional<internal::H2Pool::Place>> negotiate();
    Task<void> exchange_http_1(ConnectionPool::Lease& lease, std::string head);
    Task<void> exchange_http_2(internal::H2Pool::Place place);
    Task<bool> open(internal::H2Pool::Opening opening);
    Task<ConnectionPool::Lease> wait_for_lease(ConnectionNeeds needs);
    Task<internal::H2Pool::Turn> wait_for_lease_or_room(internal::H2Pool::Opening& opening, ConnectionNeeds needs,
                                                        std::optional<ConnectionPool::Lease>& lease);
    Task<void> take_lease(ConnectionNeeds needs, std::optional<ConnectionPool::Lease>& lease, TaskGroup& waits);
    Task<void> take_room(internal::H2Pool::Opening& opening, internal::H2Pool::Turn& turn, TaskGroup& waits);
    Task<void> connect(ConnectionPool::Lease& lease);
    ConnectionNeeds needs() const;
    bool is_prior_knowledge() const noexcept;
    bool was_stale(const Error& error) const noexcept;
    bool may_go_over_http_1(const internal::H2Call& call) const noexcept;
    Error no_connection_in_time() const;

    Session& session_;
    const Request& request_;
    TimePoint start_;
    internal::ExchangeBounds bounds_;
    std::uint64_t connection_ = 0;  // its number
    bool reused_ = false;
    bool speaks_http_2_ = false;  // the connection that was opened
    bool asked_before_body_ = false;
    bool met_silence_ = false;
    bool is_unprocessed_ = false;
    bool was_refused_ = false;
    bool goes_over_http_1_ = false;  // the server has asked for it, instead of HTTP/2
    std::optional<ConnectStep> connecting_;
    Timings connecting_times_;
    internal::ExchangeRecord record_;
};

Response Session::Attempt::take_response() {
    Response& response = record_.response;
    response.reused = reused_;
    response.connection = connection_;
    if (const Proxy* const relay = session_.relay_for(request_.url)) response.relay = relay->to_string();
    response.timings.dns = connecting_times_.dns;
    response.timings.connect = connecting_times_.connect;
    response.timings.tls = connecting_times_.tls;
    return std::move(response);
}

ConnectionNeeds Session::Attempt::needs() const {
    return ConnectionNeeds(is_repeatable(request_) ? Repeatable::yes : Repeatable::no, request_.over_new_connection);
}

/// HTTP/2 without TLS is spoken from the first byte (RFC 9113, section 3.3).
bool Session::Attempt::is_prior_knowledge() const noexcept {
    return session_.options_.http == HttpChoice::http_2 && !request_.url.is_https();
}

/// A server that can't be asked before it gets the body refuses the question, not the request (RFC 9110, 10.1.1).
Task<void> Session::Attempt::run_with_second_tries() {
    if (!session_.may_speak_http_2(request_.url)) {
        co_await run_http_1();
    } else if (auto place = co_await negotiate()) {
        // Here, so that a call that waits for its answer holds no more than it needs.
        co_await exchange_http_2(std::move(*place));
    }
    if (goes_over_http_1_) {
        record_ = internal::ExchangeRecord();
        co_await run_http_1();
    }
    if (!asked_before_body_ || record_.response.status != expectation_failed) co_return;
    record_ = internal::ExchangeRecord();
    co_await run_http_1();
}

std::string Session::Attempt::serialized_head() {
    const auto relayed = session_.relayed_form(request_.url);
    return internal::serialize_head(request_, session_.headers_for(request_), bounds_.decoding,
                                    relayed ? &*relayed : nullptr);
}

Task<void> Session::Attempt::run_http_1() {
    std::string head = serialized_head();
    auto lease = session_.pool_.try_lease(request_.url.origin(), needs());
    if (!lease) lease = co_await wait_for_lease(needs());
    reused_ = lease->stream() != nullptr;
    if (!reused_) {
        co_await connect(*lease);
        // Another server of an origin whose others speak HTTP/1.1.
        if (speaks_http_2_) {
            auto opening = session_.h2_pool_->adopt(request_.url.origin());
            co_return co_await exchange_http_2(opening.add(std::move(*lease), now()));
        }
    }
    co_await exchange_http_1(*lease, std::move(head));
}

Task<void> Session::Attempt::exchange_http_1(ConnectionPool::Lease& lease, std::string head) {
    connection_ = lease.number();
    asked_before_body_ = internal::asks_before_body(request_) && lease.habit().may_ask_before_body(now());
    if (asked_before_body_) internal::add_expectation(head);
    internal::Exchange exchange(*lease.stream(), request_, bounds_, record_);
    try {
        co_await exchange.run(std::move(head), asked_before_body_);
    } catch (const Error& error) {
        if (was_stale(error)) lease.report_early_close(now());
        throw;
    }
    const bool was_question_refused = asked_before_body_ && record_.response.status == expectation_failed;
    if (exchange.was_asked_in_vain() || was_question_refused) lease.habit().record_no_continue(now());
    const bool ends = internal::asks_to_close(request_, session_.headers_for(request_));
    if (!ends && exchange.keep_alive()) lease.keep(now(), exchange.server_idle_limit());
}

/// Finds a place on a connection of HTTP/2. Returns nothing when the exchange has been made: over HTTP/1.1, which the
/// origin speaks, or over a connection that was opened for it.
Task<std::optional<internal::H2Pool::Place>> Session::Attempt::negotiate() {
    const std::string_view origin = request_.url.origin();
    for (;;) {
        auto turn = session_.h2_pool_->try_turn(origin, needs(), is_prior_knowledge(), now());
        if (turn.step == internal::H2Step::wait) {
            turn = co_await session_.h2_pool_->turn(origin, needs(), is_prior_knowledge(), bounds_.deadline);
        }
        switch (turn.step) {
            case internal::H2Step::wait:
                throw no_connection_in_time();
            case internal::H2Step::http_1:
                co_await run_http_1();
                co_return std::nullopt;
            case internal::H2Step::open:
                if (co_await open(std::move(*turn.opening))) co_return std::nullopt;
                break;
            case internal::H2Step::use:
                if (turn.place->is_good()) co_return std::move(turn.place);
        }
    }
}

/// Opens the connection that others may wait for, and makes the exchange over it. Returns false when that could not be
/// done, and another connection has room.
Task<bool> Session::Attempt::open(internal::H2Pool::Opening opening) {
    std::string head = serialized_head();  // throws before there is a cost
    ConnectionNeeds needs = this->needs();
    needs.is_new = true;
    auto lease = session_.pool_.try_lease(request_.url.origin(), needs);
    if (!lease && opening.is_trial()) co_return false;
    if (!lease) {
        internal::H2Pool::Turn other = co_await wait_for_lease_or_room(opening, needs, lease);
        if (other.step == internal::H2Step::use && other.place->is_good()) {
            {
                const auto left_to_others = std::move(opening);
            }
            co_await exchange_http_2(std::move(*other.place));
            co_return true;
        }
        if (!lease) co_return false;
    }
    try {
        co_await connect(*lease);
    } catch (const Error&) {
        if (opening.is_trial()) {
            connecting_.reset();
            co_return false;
        }
        if (now() < bounds_.deadline) opening.failed(std::current_exception());
        throw;
    }
    if (speaks_http_2_) {
        co_await exchange_http_2(opening.add(std::move(*lease), now()));
    } else {
        opening.speaks_http_1();
        co_await exchange_http_1(*lease, std::move(head));
    }
    co_return true;
}

Task<void> Session::Attempt::exchange_http_2(internal::H2Pool::Place place) {
    reused_ = place.is_reused();
    connection_ = place.number();
    internal::H2Call call(request_, bounds_, record_);
    try {
        co_await place.use().exchange(call, session_.headers_for(request_), bounds_);
        place.answered(record_.response.timings.wait, now());
    } catch (const Error&) {
        if (may_go_over_http_1(call)) {
            goes_over_http_1_ = true;
            place.require_http_1();
            co_return;
        }
        met_silence_ = call.met_silence();
        is_unprocessed_ = call.was_not_processed();
        was_refused_ = is_unprocessed_ && !call.needs_http_1();
        throw;
    }
}

/// Whether the server wants HTTP/1.1 for this request, which it has not processed, and we may speak that (RFC 9113,
/// section 7, HTTP_1_1_REQUIRED).
bool Session::Attempt::may_go_over_http_1(const internal::H2Call& call) const noexcept {
    return call.needs_http_1() && session_.options_.http == HttpChoice::automatic && !goes_over_http_1_;
}

Error Session::Attempt::no_connection_in_time() const {
    return Error(ErrorCode::timeout,
                 fmt::format("no connection became free in {}", in_words(bounds_.deadline - start_)));
}

/// Waits for a turn where the number of connections is limited.
Task<ConnectionPool::Lease> Session::Attempt::wait_for_lease(ConnectionNeeds needs) {
    const ActivityScope activity_scope(trace::Activity::permit);
    CancelScope scope(bounds_.deadline);
    session_.h2_pool_->close_idle();
    auto lease = co_await scope.run(session_.pool_.lease(request_.url.origin(), needs));
    if (!lease) throw no_connection_in_time();
    co_return std::move(*lease);
}

/// Waits until the connection may be opened, or until another one has room, whichever comes first.
Task<internal::H2Pool::Turn> Session::Attempt::wait_for_lease_or_room(internal::H2Pool::Opening& opening,
                                                                      ConnectionNeeds needs,
                                                                      std::optional<ConnectionPool::Lease>& lease) {
    internal::H2Pool::Turn turn;
    TaskGroup waits;
    waits.start(take_lease(needs, lease, waits), "wait for a connection");
    if (!request_.over_new_connection) waits.start(take_room(opening, turn, waits), "wait for a stream");
    co_await waits.join();
    co_return turn;
}

Task<void> Session::Attempt::take_lease(ConnectionNeeds needs, std::optional<ConnectionPool::Lease>& lease,
                                        TaskGroup& waits) {
    lease = co_await wait_for_lease(needs);
    waits.cancel();
}

Task<void> Session::Attempt::take_room(internal::H2Pool::Opening& opening, internal::H2Pool::Turn& turn,
                                       TaskGroup& waits) {
    turn = co_await opening.room_beside(this->needs());
    waits.cancel();
}

Task<void> Session::Attempt::connect(ConnectionPool::Lease& lease) {
    const Url& url = request_.url;
    const net::Endpoint endpoint(std::string(url.host()), url.port());
    const Duration limit = std::min(bounded(session_.options_.timeouts.connect), bounds_.deadline - now());
    connecting_ = ConnectStep::resolving;
    CancelScope scope(after(limit));
    const Offer offer = session_.h2_pool_->requires_http_1(url.origin()) ? Offer::http_1_1 : Offer::all;
    auto made = co_await scope.run(session_.connector_->connect(endpoint, url.is_https(), offer, *connecting_));
    if (!made) {
        throw Error(ErrorCode::timeout,
                    fmt::format("connect {}: timed out after {}", endpoint.to_string(), in_words(limit)));
    }
    lease.set(std::move(made->stream));
    connecting_times_.dns = made->dns;
    connecting_times_.connect = made->connect;
    connecting_times_.tls = made->tls;
    speaks_http_2_ = made->alpn == alpn_http_2 || is_prior_knowledge();
    if (session_.options_.http == HttpChoice::http_2 && !speaks_http_2_) {
        throw Error(ErrorCode::protocol,
                    fmt::format("{} does not speak HTTP/2: use --http auto", endpoint.to_string()));
    }
}

/// Whether `error` means that a kept connection ended before the first byte of the answer.
bool Session::Attempt::was_stale(const Error& error) const noexcept {
    if (record_.response.version == HttpVersion::http_2 && !met_silence_) return false;
    return reused_ && error.code() == ErrorCode::reset && record_.phase && *record_.phase != Phase::receiving;
}

SendError Session::Attempt::describe(const Error& error) {
    std::string message = fmt::format("{} {}: {}", request_.method(), request_.url.without_query(), error.what());
    if (record_.phase || connecting_) {
        const auto step = record_.phase ? name_of(*record_.phase) : name_of(*connecting_);
        message += fmt::format(" ({}{}, {} after the start)", step, reused_ ? " on a kept connection" : "",
                               in_words(now() - start_));
    }
    SendError described(error.code(), message, record_.any_byte_sent && !is_unprocessed_, was_stale(error),
                        was_refused_);
    described.set_connection(connection_);
    if (error.code() == ErrorCode::timeout && !record_.response.body.empty() && is_stream(record_.response)) {
        described.add_partial(std::make_shared<Response>(take_response()));
    }
    if (const auto* refusal = dynamic_cast<const internal::ProxyError*>(&error); refusal && refusal->is_permanent())
        described.set_permanent();
    return described;
}

Session::Session(SessionOptions options)
    : Session(options,
              std::make_unique<internal::NetConnector>(
                  offering(options.tls, options.http), options.routes,
                  options.http == HttpChoice::http_2 ? internal::Tunnels::for_all : internal::Tunnels::for_https)) {}

Session::Session(SessionOptions options, std::unique_ptr<Connector> connector)
    : options_(std::move(options)),
      body_memory_(options_.body_memory ? options_.body_memory : std::make_shared<BodyMemory>(default_body_memory())),
      body_writer_(body_memory_->folder() ? std::make_unique<internal::ThreadBodyWriter>() : nullptr),
      connector_(std::move(connector)),
      pool_(options_.pool, options_.habits),
      h2_pool_(std::make_unique<internal::H2Pool>(options_.pool, http_2_options(options_), pool_)) {}

Session::~Session() = default;

void Session::check_files(const SessionOptions& options) {
    if (options.tls.ca_file.empty() && options.tls.certificate_file.empty()) return;
    net::TlsContext(offering(options.tls, options.http)).load();
}

bool Session::may_speak_http_2(const Url& url) const noexcept {
    switch (options_.http) {
        case HttpChoice::automatic:
            return url.is_https();
        case HttpChoice::http_1_1:
            return false;
        case HttpChoice::http_2:
            return true;
    }
    return false;
}

Task<Response> Session::send(Request request) { co_return co_await send_by_reference(request); }

Task<Response> Session::send_by_reference(const Request& request) {
    for (;;) {
        Attempt attempt(*this, request);
        std::optional<SendError> failure;
        try {
            co_await attempt.run();
            if (attempt.response().saved_body) co_await attempt.write_body();
        } catch (const Error& error) {
            failure.emplace(attempt.describe(error));
        }
        // Even if the answer broke off behind its head: some proxies close without having read the body of the request.
        if (attempt.response().status == 407 && asks_relay_again(request, attempt.response())) continue;
        if (failure) throw *failure;
        co_return attempt.take_response();
    }
}

Task<Response> Session::get(Url url) { return send(Request("GET", std::move(url))); }

Task<Response> Session::post(Url url, std::string body) {
    Request request("POST", std::move(url));
    request.body = std::move(body);
    return send(std::move(request));
}

}  // namespace plait::http
