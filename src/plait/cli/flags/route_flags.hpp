#pragma once

#include "plait/batch/call/secrets.hpp"
#include "plait/cli/flags/flag.hpp"
#include "plait/http/login/credentials.hpp"
#include "plait/http/proxy/no_proxy.hpp"
#include "plait/http/proxy/proxy.hpp"
#include "plait/http/proxy/proxy_settings.hpp"
#include "plait/http/proxy/routes.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace plait::cli {

/// What flags say about proxies.
struct ProxyChoice {
    std::optional<http::Proxy> proxy{};
    std::optional<http::NoProxy> no_proxy{};

    /// The settings of the environment, where no flag says otherwise.
    http::ProxySettings settle() const;
};

/// Flags about proxies. The passwords that they name are added to `secrets`. Both outlive the flags.
std::vector<Flag> proxy_flags(ProxyChoice& choice, batch::Secrets& secrets);

/// Flags about where connections lead. `routes` outlives them.
std::vector<Flag> address_flags(http::Routes& routes);

/// What flags say about who the user is.
struct LoginChoice {
    std::string user{};  ///< empty: not given
    std::optional<std::string> password{};
    bool is_password_visible = false;  ///< it stood in the command itself
    std::string netrc{};               ///< a path; empty: none is read
    std::string netrc_flag{};          ///< the flag that it comes from

    /// The credentials, after asking for the password if it is missing. `base_url` and `inputs` say for which origin
    /// the user is. Null: there are none. Throws `Error(bad_input)`.
    std::shared_ptr<const http::CredentialTable> settle(const std::string& base_url,
                                                        const std::vector<std::string>& inputs,
                                                        batch::Secrets& secrets) const;
};

/// Flags about who the user is. Both outlive the flags.
std::vector<Flag> login_flags(LoginChoice& choice, batch::Secrets& secrets);

}  // namespace plait::cli
