#include "plait/http/connect/internal/net_connector.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/http/connect/internal/connect_handshake.hpp"
#include "plait/http/connect/internal/proxy_error.hpp"
#include "plait/http/connect/internal/socks_handshake.hpp"
#include "plait/net/tcp_stream.hpp"
#include "plait/trace/activity.hpp"

#include <fmt/format.h>

#include <exception>
#include <string>
#include <utility>

namespace plait::http::internal {

namespace {

net::TlsOptions for_http_1(net::TlsOptions options) {
    options.protocols.assign(1, "http/1.1");
    return options;
}

/// The proxy is not the server: it gets no certificate of ours, and must always show its own.
net::TlsOptions for_proxies(net::TlsOptions options) {
    options = for_http_1(std::move(options));
    options.certificate_file.clear();
    options.key_file.clear();
    options.verify = true;
    return options;
}

/// Another attempt helps unless the proxy has said otherwise, or is not trusted.
bool is_permanent(const Error& error) {
    const auto* const refusal = dynamic_cast<const ProxyError*>(&error);
    return refusal ? refusal->is_permanent() : error.code() == ErrorCode::tls;
}

ProxyError described(const Proxy& proxy, const Error& error) {
    return ProxyError(fmt::format("proxy {}: {}", proxy.to_string(), error.what()), is_permanent(error));
}

}  // namespace

/// Names the current step, for messages and for the trace, and measures it.
class NetConnector::Steps {
  public:
    explicit Steps(ConnectStep& step) : step_(step) {}

    void enter(ConnectStep step) {
        step_ = step;
        activity_.change_to(step == ConnectStep::resolving    ? trace::Activity::dns
                            : step == ConnectStep::encrypting ? trace::Activity::tls
                                                              : trace::Activity::connect);
        start_ = now();
    }
    Duration elapsed() const { return now() - start_; }

  private:
    ConnectStep& step_;
    ActivityScope activity_{trace::Activity::dns};
    TimePoint start_;
};

NetConnector::NetConnector(const net::TlsOptions& options, Routes routes, Tunnels tunnels)
    : routes_(std::move(routes)),
      tunnels_(tunnels),
      tls_(options),
      http_1_tls_(for_http_1(options)),
      proxy_tls_(for_proxies(options)) {}

Task<NewConnection> NetConnector::connect(net::Endpoint endpoint, bool secure, Offer offer, ConnectStep& step) {
    Steps steps(step);
    routes_.tell_of(endpoint, secure);
    NewConnection made(nullptr);
    net::Endpoint destination = routes_.destination_of(endpoint);
    if (!routes_.unix_socket.empty()) {
        steps.enter(ConnectStep::connecting);
        std::string path = routes_.unix_socket;
        made.stream = co_await net::connect_unix(std::move(path));
    } else if (const Proxy* const proxy = routes_.proxy_for(endpoint, secure)) {
        const bool is_tunnel = secure || tunnels_ == Tunnels::for_all || destination != endpoint;
        if (proxy->is_socks()) {
            co_await reach_by_socks(*proxy, std::move(destination), made, steps);
        } else {
            co_await reach_by_proxy(*proxy, std::move(destination), is_tunnel, made, steps);
        }
    } else {
        co_await reach(std::move(destination), made, steps);
    }
    if (secure) {
        steps.enter(ConnectStep::encrypting);
        net::TlsContext& tls = offer == Offer::http_1_1 ? http_1_tls_ : tls_;
        auto stream = co_await tls.connect(std::move(made.stream), std::move(endpoint));
        made.alpn = stream->alpn();
        made.stream = std::move(stream);
        made.tls = steps.elapsed();
    }
    co_return made;
}

/// Connects to the host itself.
Task<void> NetConnector::reach(net::Endpoint endpoint, NewConnection& made, Steps& steps) {
    steps.enter(ConnectStep::resolving);
    auto addresses = co_await addresses_of(endpoint);
    made.dns += steps.elapsed();
    steps.enter(ConnectStep::connecting);
    made.stream = co_await net::connect_tcp(std::move(endpoint), std::move(addresses));
    made.connect += steps.elapsed();
}

Task<std::vector<net::Address>> NetConnector::addresses_of(net::Endpoint endpoint) {
    auto fixed = routes_.addresses_of(endpoint);
    if (!fixed.empty()) co_return fixed;
    co_return co_await resolver_.resolve(std::move(endpoint));
}

/// Connects to a proxy of HTTP, and opens a tunnel through it if it is to open one.
Task<void> NetConnector::reach_by_proxy(const Proxy& proxy, net::Endpoint target, bool is_tunnel, NewConnection& made,
                                        Steps& steps) {
    try {
        net::Endpoint own = proxy.endpoint;
        co_await reach(own, made, steps);
        if (proxy.kind == Proxy::Kind::https) {
            steps.enter(ConnectStep::encrypting);
            made.stream = co_await proxy_tls_.connect(std::move(made.stream), std::move(own));
            made.connect += steps.elapsed();
        }
        if (!is_tunnel) co_return;
        ConnectHandshake handshake(proxy, target);
        steps.enter(ConnectStep::tunnelling);
        co_await shake_hands(*made.stream, handshake);
        made.connect += steps.elapsed();
    } catch (const Error& error) {
        throw described(proxy, error);
    }
}

/// Connects through a SOCKS proxy: to the name of the target, or to the first of its addresses that it reaches.
Task<void> NetConnector::reach_by_socks(const Proxy& proxy, net::Endpoint target, NewConnection& made, Steps& steps) {
    const auto literal = net::Address::parse(target.host, target.port);
    if (proxy.kind == Proxy::Kind::socks5h && !literal)
        co_return co_await open_tunnel(proxy, target, std::nullopt, made, steps);
    steps.enter(ConnectStep::resolving);
    const std::vector<net::Address> addresses = net::interleaved(co_await addresses_of(target));
    made.dns += steps.elapsed();
    std::exception_ptr failure;
    for (const net::Address& address : addresses) {
        try {
            co_return co_await open_tunnel(proxy, target, address, made, steps);
        } catch (const ProxyError& error) {
            if (error.is_permanent()) throw;
            failure = std::current_exception();
        }
    }
    std::rethrow_exception(failure);
}

Task<void> NetConnector::open_tunnel(const Proxy& proxy, net::Endpoint target, std::optional<net::Address> address,
                                     NewConnection& made, Steps& steps) {
    try {
        net::Endpoint own = proxy.endpoint;
        co_await reach(std::move(own), made, steps);
        SocksHandshake handshake(proxy, target, address);
        steps.enter(ConnectStep::tunnelling);
        co_await shake_hands(*made.stream, handshake);
        made.connect += steps.elapsed();
    } catch (const Error& error) {
        throw described(proxy, error);
    }
}

}  // namespace plait::http::internal
