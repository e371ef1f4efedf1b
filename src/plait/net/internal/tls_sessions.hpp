#pragma once

#include "plait/base/clock.hpp"
#include "plait/net/internal/openssl.hpp"

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace plait::net::internal {

/// A session that a server has offered: with it, the next connection needs no certificate and no signature.
class OfferedSession {
  public:
    /// `is_for_once`: a ticket of TLS 1.3, which shows observers that two connections have the same client if it is
    /// used twice (RFC 8446, appendix C.4).
    OfferedSession(OwnedSession session_, bool is_for_once_, TimePoint until_)
        : session(std::move(session_)), is_for_once(is_for_once_), until(until_) {}

    OwnedSession session;
    bool is_for_once;
    TimePoint until;
};

/// The sessions that servers have offered, by the server's name and port. All belong to connections with the same
/// settings: resuming skips the check of the certificate, which these settings govern. For any thread.
class TlsSessions {
  public:
    /// The most sessions of one server: as many new connections as can be resumed at once. Each takes some KiB.
    static constexpr std::size_t most_of_a_server = 128;
    /// The most in all. Beyond that, the oldest is dropped.
    static constexpr std::size_t most = 1024;

    void keep(const std::string& server, OfferedSession offered);

    /// Returns the newest session for `server` that is still good; null: there is none. One that is for once is
    /// removed.
    OwnedSession take(const std::string& server, TimePoint now);

    /// Drops the sessions of `server`: one of them has failed.
    void forget(const std::string& server);

    std::size_t size() const;

  private:
    struct Kept {
        std::string server;
        OfferedSession offered;
    };
    using Position = std::list<Kept>::iterator;

    void drop(Position position);

    mutable std::mutex mutex_;
    std::list<Kept> kept_;                                           ///< oldest first
    std::unordered_map<std::string, std::vector<Position>> places_;  ///< by server; oldest first
};

}  // namespace plait::net::internal
