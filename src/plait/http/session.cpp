#include "plait/http/session.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/base/words.hpp"
#include "plait/http/internal/exchange.hpp"
#include "plait/http/internal/h1_request.hpp"
#include "plait/http/internal/net_connector.hpp"
#include "plait/trace/activity.hpp"

#include <fmt/format.h>

#include <algorithm>
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

/// Longer limits are cut to this, so that they can be added to a time without overflow.
constexpr Duration longest = std::chrono::hours(24 * 365);

Duration bounded(std::optional<Duration> limit) { return std::min(limit.value_or(longest), longest); }

}  // namespace

/// One attempt: gets a connection, makes an exchange over it, and describes a failure.
class Session::Attempt {
  public:
    Attempt(Session& session, const Request& request)
        : session_(session),
          request_(request),
          start_(now()),
          bounds_{session.options_.limits, *session.body_memory_,
                  session.options_.decode ? internal::Decoding::on : internal::Decoding::off,
                  bounded(session.options_.timeouts.idle),
                  start_ + bounded(request.timeout.value_or(session.options_.timeouts.attempt))} {}

    Task<void> run();

    /// Valid after `run`.
    Response& response() noexcept { return record_.response; }
    SendError describe(const Error& error) const;

  private:
    Task<ConnectionPool::Lease> wait_for_lease(ConnectionNeeds needs);
    Task<Timings> connect(ConnectionPool::Lease& lease);
    bool was_stale(const Error& error) const noexcept;

    Session& session_;
    const Request& request_;
    TimePoint start_;
    internal::ExchangeBounds bounds_;
    bool reused_ = false;
    std::optional<ConnectStep> connecting_;
    internal::ExchangeRecord record_;
};

Task<void> Session::Attempt::run() {
    std::string head = internal::serialize_head(request_, session_.options_.headers, bounds_.decoding);
    const ConnectionNeeds needs(is_repeatable(request_) ? Repeatable::yes : Repeatable::no,
                                request_.over_new_connection);
    auto lease = session_.pool_.try_lease(request_.url.origin(), needs);
    if (!lease) lease = co_await wait_for_lease(needs);

    reused_ = lease->stream() != nullptr;
    Timings connecting;
    if (!reused_) connecting = co_await connect(*lease);

    internal::Exchange exchange(*lease->stream(), request_, bounds_, record_);
    try {
        co_await exchange.run(std::move(head));
    } catch (const Error& error) {
        if (was_stale(error)) lease->report_early_close(now());
        throw;
    }
    const bool ends = internal::asks_to_close(request_, session_.options_.headers);
    if (!ends && exchange.keep_alive()) lease->keep(now(), exchange.server_idle_limit());

    response().reused = reused_;
    response().timings.dns = connecting.dns;
    response().timings.connect = connecting.connect;
    response().timings.tls = connecting.tls;
}

/// Waits for a turn where the number of connections is limited.
Task<ConnectionPool::Lease> Session::Attempt::wait_for_lease(ConnectionNeeds needs) {
    const ActivityScope activity_scope(trace::Activity::permit);
    CancelScope scope(bounds_.deadline);
    auto lease = co_await scope.run(session_.pool_.lease(request_.url.origin(), needs));
    if (!lease) {
        throw Error(ErrorCode::timeout,
                    fmt::format("no connection became free in {}", in_words(bounds_.deadline - start_)));
    }
    co_return std::move(*lease);
}

Task<Timings> Session::Attempt::connect(ConnectionPool::Lease& lease) {
    const Url& url = request_.url;
    const net::Endpoint endpoint(std::string(url.host()), url.port());
    const Duration limit = std::min(bounded(session_.options_.timeouts.connect), bounds_.deadline - now());
    connecting_ = ConnectStep::resolving;
    CancelScope scope(after(limit));
    auto made = co_await scope.run(session_.connector_->connect(endpoint, url.is_https(), *connecting_));
    if (!made) {
        throw Error(ErrorCode::timeout,
                    fmt::format("connect {}: timed out after {}", endpoint.to_string(), in_words(limit)));
    }
    lease.set(std::move(made->stream));
    co_return Timings{.dns = made->dns, .connect = made->connect, .tls = made->tls};
}

/// Whether `error` means that a kept connection ended before the first byte of the answer.
bool Session::Attempt::was_stale(const Error& error) const noexcept {
    return reused_ && error.code() == ErrorCode::reset && record_.phase && *record_.phase != Phase::receiving;
}

SendError Session::Attempt::describe(const Error& error) const {
    const std::string& url = request_.url.text();
    // Without the query, which may hold a key: messages end up in logs.
    std::string message = fmt::format("{} {}: {}", request_.method(), url.substr(0, url.find('?')), error.what());
    if (record_.phase || connecting_) {
        const auto step = record_.phase ? name_of(*record_.phase) : name_of(*connecting_);
        message += fmt::format(" ({}{}, {} after the start)", step, reused_ ? " on a kept connection" : "",
                               in_words(now() - start_));
    }
    return SendError(error.code(), message, record_.any_byte_sent, was_stale(error));
}

Session::Session(SessionOptions options) : Session(options, std::make_unique<internal::NetConnector>(options.tls)) {}

Session::Session(SessionOptions options, std::unique_ptr<Connector> connector)
    : options_(std::move(options)),
      body_memory_(options_.body_memory ? options_.body_memory : std::make_shared<BodyMemory>(default_body_memory())),
      connector_(std::move(connector)),
      pool_(options_.pool, options_.habits) {}

Session::~Session() = default;

void Session::check_files(const SessionOptions& options) {
    if (options.tls.ca_file.empty() && options.tls.certificate_file.empty()) return;
    net::TlsContext(options.tls).load();
}

Task<Response> Session::send(Request request) { co_return co_await send_by_reference(request); }

Task<Response> Session::send_by_reference(const Request& request) {
    Attempt attempt(*this, request);
    try {
        co_await attempt.run();
    } catch (const Error& error) {
        throw attempt.describe(error);
    }
    co_return std::move(attempt.response());
}

Task<Response> Session::get(Url url) { return send(Request("GET", std::move(url))); }

Task<Response> Session::post(Url url, std::string body) {
    Request request("POST", std::move(url));
    request.body = std::move(body);
    return send(std::move(request));
}

}  // namespace plait::http
