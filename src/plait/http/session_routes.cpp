#include "plait/base/error.hpp"
#include "plait/http/internal/h1_request.hpp"
#include "plait/http/internal/proxy_login.hpp"
#include "plait/http/session.hpp"

#include <fmt/format.h>

#include <utility>

// What a session does with proxies that relay, and with credentials.
namespace plait::http {

/// The proxy that relays calls to `url`; null: there is none. HTTP/2 by order goes through a tunnel.
const Proxy* Session::relay_for(const Url& url) const {
    return options_.http == HttpChoice::http_2 ? nullptr : options_.routes.relay_for(url);
}

/// The default headers of requests for `url`: with the credentials for its server.
const Headers& Session::headers_for(const Url& url) {
    constexpr std::size_t most_origins = 10'000;
    if (!options_.credentials || options_.headers.contains("Authorization")) return options_.headers;
    if (const auto known = headers_of_origins_.find(url.origin()); known != headers_of_origins_.end())
        return known->second;
    const Credentials* const credentials = options_.credentials->find(url);
    if (!credentials) return options_.headers;
    if (headers_of_origins_.size() == most_origins) headers_of_origins_.clear();
    Headers headers = options_.headers;
    headers.add("Authorization", basic_authorization(*credentials));
    return headers_of_origins_.emplace(url.origin(), std::move(headers)).first->second;
}

/// What is different in a request for `url` if a proxy relays it.
std::optional<internal::RelayedForm> Session::relayed_form(const Url& url) const {
    if (!relay_for(url)) return std::nullopt;
    return internal::RelayedForm{relay_authorization_};
}

/// Whether a request that got a 407 is sent again: once, with the credentials for the proxy, which it has not seen. The
/// request has not left the proxy, so that sending it again is no second send. Throws when there is no hope.
///
/// They are not sent before they are asked for, because a proxy that does not ask passes them on to the server.
bool Session::asks_relay_again(const Request& request, const Response& response) {
    const Proxy* const relay = relay_for(request.url);
    if (!relay) return false;
    if (relay->credentials && relay_authorization_.empty()) {
        relay_authorization_ = basic_authorization(*relay->credentials);
        return true;
    }
    SendError error(ErrorCode::proxy,
                    fmt::format("{} {}: proxy {}: {}", request.method(), request.url.without_query(),
                                relay->to_string(), internal::refusal_of_login(*relay, response.headers)),
                    false);
    error.set_permanent();
    throw error;
}

}  // namespace plait::http
