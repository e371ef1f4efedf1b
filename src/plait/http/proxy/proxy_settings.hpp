#pragma once

#include "plait/http/proxy/no_proxy.hpp"
#include "plait/http/proxy/proxy.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace plait::http {

/// Returns the value of an environment variable, if it is set.
using Variables = std::function<std::optional<std::string>(std::string_view name)>;

/// Which calls go through which proxy, and why.
///
/// The answer depends on scheme, host and port alone: all calls of a session to one origin take the same way.
class ProxySettings {
  public:
    ProxySettings() {}

    /// A setting, and the flag or variable that it comes from.
    template <class T>
    struct From {
        T value;
        std::string source;
    };

    /// For `http` and `https` URLs; none: they go direct.
    std::optional<From<Proxy>> for_http;
    std::optional<From<Proxy>> for_https;
    From<NoProxy> no_proxy{NoProxy(), "NO_PROXY"};

    /// Whether everything goes direct.
    bool empty() const noexcept { return !for_http && !for_https; }

    /// Returns the proxy for calls to this server; null: they go direct. Valid as long as the settings.
    const Proxy* find(bool is_https, std::string_view host, std::uint16_t port) const;

    /// Says how calls to this server go, and why: `direct: NO_PROXY has .example.com`, or
    /// `through http://proxy.example:3128 (https_proxy)`.
    std::string explain(bool is_https, std::string_view host, std::uint16_t port) const;
};

/// Reads http_proxy, https_proxy, all_proxy and no_proxy. A name in lower case wins over the same one in capitals, even
/// if it is empty: then there is none. HTTP_PROXY in capitals is ignored where REQUEST_METHOD is set: in a CGI program
/// it is a request's header `Proxy:`. Throws `Error(bad_input)`, which names the variable that can't be used.
ProxySettings proxies_from(const Variables& variables);

}  // namespace plait::http
