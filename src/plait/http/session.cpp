#include "plait/http/session.hpp"

#include "plait/http/connect/internal/net_connector.hpp"
#include "plait/http/h1/internal/common_head.hpp"
#include "plait/http/internal/h2_pool.hpp"
#include "plait/http/internal/session_attempt.hpp"
#include "plait/http/transfer/internal/body_writer.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace plait::http {

namespace {

net::TlsOptions offering(net::TlsOptions options, HttpChoice choice) {
    options.protocols.clear();
    if (choice != HttpChoice::http_1_1) options.protocols.emplace_back(internal::alpn_http_2);
    // Also for HTTP/2 alone: a server without it then says so, rather than break off the handshake.
    options.protocols.emplace_back(internal::alpn_http_1_1);
    return options;
}

internal::H2ConnectionOptions http_2_options(const SessionOptions& options) {
    internal::H2ConnectionOptions connection;
    connection.session.header_bytes = options.limits.header_bytes;
    return connection;
}

}  // namespace

Session::Session(SessionOptions options)
    : Session(options,
              std::make_unique<internal::NetConnector>(
                  offering(options.tls, options.http), options.routes,
                  options.http == HttpChoice::http_2 ? internal::Tunnels::for_all : internal::Tunnels::for_https)) {}

Session::Session(SessionOptions options, std::unique_ptr<Connector> connector)
    : options_(std::move(options)),
      body_memory_(options_.body_memory ? options_.body_memory : std::make_shared<BodyMemory>(default_body_memory())),
      body_writer_(body_memory_->folder() ? std::make_unique<internal::ThreadBodyWriter>() : nullptr),
      exchange_rules_(exchange_rules()),
      connector_(std::move(connector)),
      heads_(std::make_unique<internal::HeadWriter>(
          options_.headers, options_.decode ? internal::Decoding::on : internal::Decoding::off)),
      pool_(options_.pool, options_.habits),
      h2_pool_(std::make_unique<internal::H2Pool>(options_.pool, http_2_options(options_), pool_)) {}

Session::~Session() = default;

std::unique_ptr<const internal::ExchangeRules> Session::exchange_rules() const {
    const auto decoding = options_.decode ? internal::Decoding::on : internal::Decoding::off;
    return std::make_unique<const internal::ExchangeRules>(
        internal::ExchangeRules{options_.limits, *body_memory_, decoding, internal::bounded(options_.timeouts.idle),
                                options_.until_event, body_writer_.get()});
}

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

Task<Response> Session::send(Request request) {
    SendOutcome outcome = co_await try_send(request);
    if (SendFailure* const failure = outcome.failure()) throw SendError(std::move(*failure));
    co_return std::move(*outcome.response());
}

Task<SendOutcome> Session::try_send(const Request& request) {
    for (;;) {
        Attempt attempt(*this, request);
        Boxed<SendFailure> failure;
        while (!attempt.has_ended() && !failure) {
            try {
                co_await attempt.next_step();
                attempt.step_succeeded();
            } catch (const Error& error) {
                failure = attempt.step_failed(error);
            }
        }
        // Even if the answer broke off behind its head: some proxies close without having read the body of the request.
        if (asks_relay_again(request, attempt.response(), failure)) continue;
        if (failure) co_return std::move(failure);
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
