#pragma once

#include "plait/net/internal/openssl.hpp"
#include "plait/net/internal/tls_sessions.hpp"
#include "plait/net/tls_stream.hpp"

#include <memory>

namespace plait::net::internal {

/// OpenSSL's context for a client, and the sessions that servers have offered to it.
class ClientContext {
  public:
    /// Throws as `TlsContext::load` does.
    explicit ClientContext(const TlsOptions& options);

    SSL_CTX* get() const noexcept { return context_.get(); }
    const std::shared_ptr<TlsSessions>& sessions() const noexcept { return sessions_; }

  private:
    OwnedSslContext context_;
    std::shared_ptr<TlsSessions> sessions_ = std::make_shared<TlsSessions>();
};

/// Returns the context for these settings: the same as long as the settings, and the files that they name, are the
/// same. For any thread.
///
/// Reading the trusted certificates takes longer than many a call, and a session can be resumed only where it is known.
/// So a process has one context for equal settings, however many `TlsContext` it makes.
std::shared_ptr<const ClientContext> shared_client_context(const TlsOptions& options);

/// Makes a context with what clients and servers have in common.
OwnedSslContext make_context(const SSL_METHOD* method);

/// Protocol names in ALPN's wire format: each after its length (RFC 7301, section 3.1).
std::string alpn_list(const std::vector<std::string>& protocols);

}  // namespace plait::net::internal
