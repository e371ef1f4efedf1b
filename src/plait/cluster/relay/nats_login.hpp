#pragma once

#include <string>
#include <string_view>

namespace plait::cluster {

/// How a client logs in to a NATS server. The password or the seed is in a file, never in a URL or an option.
class NatsLogin {
  public:
    /// No login.
    NatsLogin() {}

    /// Reads a file that holds one of these:
    ///
    /// - the seed of an NKEY (`SU...`), which signs what the server asks to be signed, and is never sent;
    /// - a user's JWT and seed, in the blocks of a `.creds` file;
    /// - `user:password`, or a token, in one line.
    ///
    /// Throws `Error(bad_input)`, which never shows the content.
    static NatsLogin read(const std::string& path);
    static NatsLogin parse(std::string_view text);

    /// Returns the fields of CONNECT, each after a comma, for a server with this nonce. Throws `Error(protocol)` when
    /// the server has none and the login needs it.
    std::string fields(std::string_view nonce) const;

    bool empty() const noexcept { return seed_.empty() && user_.empty() && token_.empty(); }

  private:
    std::string seed_;  ///< 32 bytes
    std::string public_key_;
    std::string jwt_;
    std::string user_;
    std::string password_;
    std::string token_;
};

}  // namespace plait::cluster
