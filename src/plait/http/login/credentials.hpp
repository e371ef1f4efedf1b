#pragma once

#include "plait/http/message/url.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::http {

/// A user name and a password.
class Credentials {
  public:
    Credentials(std::string user_, std::string password_) : user(std::move(user_)), password(std::move(password_)) {}

    std::string user;
    std::string password;

    friend bool operator==(const Credentials&, const Credentials&) = default;
};

/// The value of `Authorization` or `Proxy-Authorization` with these credentials (Basic, RFC 7617). Throws
/// `Error(bad_input)` when the name contains a colon, which ends it there.
std::string basic_authorization(const Credentials& credentials);

/// Which servers get which credentials. None gets those of another one.
class CredentialTable {
  public:
    CredentialTable() {}

    /// For one origin, such as `https://api.example`.
    void add_origin(std::string_view origin, Credentials credentials);
    /// For all ports of a host, with and without TLS.
    void add_host(std::string_view host, Credentials credentials);
    /// For every other host.
    void set_default(Credentials credentials) { default_.emplace(std::move(credentials)); }

    bool empty() const noexcept { return origins_.empty() && hosts_.empty() && !default_; }

    /// The users by origin, such as `me at https://api.example`, without passwords, separated by commas.
    std::string origins_text() const;
    /// All credentials, in no order. Valid until the table changes.
    std::vector<const Credentials*> all() const;

    /// Returns the credentials for the server of `url`: those of its origin, else of its host, else the default; null:
    /// none.
    const Credentials* find(const Url& url) const;
    /// The same without the default.
    const Credentials* find_named(const Url& url) const;

  private:
    std::map<std::string, Credentials, std::less<>> origins_;
    std::map<std::string, Credentials, std::less<>> hosts_;
    std::optional<Credentials> default_;
};

}  // namespace plait::http
