#pragma once

#include "plait/http/login/credentials.hpp"
#include "plait/net/endpoint.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace plait::http {

/// A proxy: a server that makes connections for others.
///
///     http::Proxy proxy("http://user:p%40ss@proxy.example:3128");
///     proxy.to_string();  // "http://proxy.example:3128", without the password
class Proxy {
  public:
    /// How one speaks to the proxy.
    enum class Kind {
        http,    ///< HTTP: absolute URLs for http, tunnels (CONNECT, RFC 9110, section 9.3.6) for https
        https,   ///< the same over TLS
        socks5,  ///< SOCKS 5 (RFC 1928); names are looked up here
        socks5h  ///< SOCKS 5; names are looked up by the proxy
    };

    /// Parses `[KIND://][USER[:PASSWORD]@]HOST[:PORT]`. Without a kind it is `http`; without a port it is 443 for
    /// `https` and 1080 otherwise, as for curl. User and password are percent-decoded. Throws `Error(bad_input)`, which
    /// never shows them.
    explicit Proxy(std::string_view text);

    Kind kind = Kind::http;
    net::Endpoint endpoint;
    std::optional<Credentials> credentials;

    bool is_socks() const noexcept { return kind == Kind::socks5 || kind == Kind::socks5h; }

    /// Kind, host and port.
    std::string to_string() const;
};

}  // namespace plait::http
