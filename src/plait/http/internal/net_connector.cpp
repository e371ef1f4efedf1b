#include "plait/http/internal/net_connector.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/net/tcp_stream.hpp"
#include "plait/trace/activity.hpp"

#include <utility>

namespace plait::http::internal {

NetConnector::NetConnector(net::TlsOptions options) : tls_(std::move(options)) {}

Task<NewConnection> NetConnector::connect(net::Endpoint endpoint, bool secure, ConnectStep& step) {
    step = ConnectStep::resolving;
    ActivityScope activity_scope(trace::Activity::dns);
    const TimePoint start = now();
    auto addresses = co_await resolver_.resolve(endpoint);

    step = ConnectStep::connecting;
    activity_scope.change_to(trace::Activity::connect);
    const TimePoint resolved = now();
    NewConnection made(co_await net::connect_tcp(endpoint, std::move(addresses)));

    const TimePoint connected = now();
    made.dns = resolved - start;
    made.connect = connected - resolved;
    if (secure) {
        step = ConnectStep::encrypting;
        activity_scope.change_to(trace::Activity::tls);
        auto stream = co_await tls_.connect(std::move(made.stream), std::move(endpoint));
        made.alpn = stream->alpn();
        made.stream = std::move(stream);
        made.tls = now() - connected;
    }
    co_return made;
}

}  // namespace plait::http::internal
