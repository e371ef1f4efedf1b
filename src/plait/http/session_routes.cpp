#include "plait/base/boxed.hpp"
#include "plait/base/error.hpp"
#include "plait/http/connect/internal/proxy_login.hpp"
#include "plait/http/h1/internal/h1_request.hpp"
#include "plait/http/send_outcome.hpp"
#include "plait/http/session.hpp"

#include <fmt/format.h>

#include <utility>

// What a session does with proxies that relay, and with credentials.
namespace plait::http {

/// The proxy that relays calls to `url`; null: there is none. HTTP/2 by order goes through a tunnel.
const Proxy* Session::relay_for(const Url& url) const {
    return options_.http == HttpChoice::http_2 ? nullptr : options_.routes.relay_for(url);
}

/// The default headers of a request: with the credentials for its server.
///
/// A server must not choose, by a redirect, who gets the credentials that are for no host in particular.
const Headers& Session::headers_for(const Request& request) {
    static const Headers none;
    const bool has_left = request.without_default_headers;
    const Headers& usual = has_left ? none : options_.headers;
    if (!options_.credentials || request.without_credentials || usual.contains("Authorization")) return usual;
    const CredentialTable& table = *options_.credentials;
    const Credentials* const credentials = has_left ? table.find_named(request.url) : table.find(request.url);
    return credentials ? with_credentials(request, *credentials) : usual;
}

const Headers& Session::with_credentials(const Request& request, const Credentials& credentials) {
    constexpr std::size_t most_origins = 10'000;
    const bool has_left = request.without_default_headers;
    HeadersOfOrigins& known = has_left ? headers_after_leaving_ : headers_of_origins_;
    if (const auto found = known.find(request.url.origin()); found != known.end()) return found->second;
    if (known.size() == most_origins) known.clear();
    Headers headers = has_left ? Headers() : options_.headers;
    headers.add("Authorization", basic_authorization(credentials));
    return known.emplace(request.url.origin(), std::move(headers)).first->second;
}

/// What is different in a request for `url` if a proxy relays it.
std::optional<internal::RelayedForm> Session::relayed_form(const Url& url) const {
    if (!relay_for(url)) return std::nullopt;
    return internal::RelayedForm{relay_authorization_};
}

/// Whether a request that got a 407 is sent again: once, with the credentials for the proxy, which it has not seen. The
/// request has not left the proxy, so that sending it again is no second send. Without hope, it is a failure.
///
/// They are not sent before they are asked for, because a proxy that does not ask passes them on to the server.
bool Session::asks_relay_again(const Request& request, const Response* answer, Boxed<SendFailure>& failure) {
    constexpr int login_required = 407;
    if (!answer || answer->status != login_required) return false;
    const Proxy* const relay = relay_for(request.url);
    if (!relay) return false;
    if (relay->credentials && relay_authorization_.empty()) {
        relay_authorization_ = basic_authorization(*relay->credentials);
        return true;
    }
    failure.emplace(ErrorCode::proxy,
                    fmt::format("{} {}: proxy {}: {}", request.method(), request.url.without_query(),
                                relay->to_string(), internal::refusal_of_login(*relay, answer->headers)),
                    false);
    failure->is_permanent = true;
    return false;
}

}  // namespace plait::http
