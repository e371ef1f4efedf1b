#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"
#include "plait/net/certificate.hpp"
#include "plait/net/endpoint.hpp"

#include <memory>
#include <string>
#include <vector>

namespace plait::net {

/// Whom a client trusts, and what it offers.
struct TlsOptions {
    TlsOptions() {}

    /// A PEM file with the certificates to trust instead of the system's.
    std::string ca_file;

    /// False: any certificate will do, and anyone on the way can read and change everything.
    bool verify = true;

    /// What is spoken inside (ALPN, RFC 7301), such as `http/1.1`, best first. Empty: nothing is said.
    std::vector<std::string> protocols;
};

/// Makes encrypted, verified connections of plain ones: TLS 1.2 or 1.3 for clients.
///
/// The trusted certificates are read when the first connection needs them, which takes some milliseconds: one context
/// serves a session, and threads may share one. It need not outlive its streams.
class TlsContext {
  public:
    explicit TlsContext(TlsOptions options = {});
    TlsContext(TlsContext&&) noexcept;
    TlsContext& operator=(TlsContext&&) noexcept;
    ~TlsContext();

    /// Makes `stream` a TLS connection whose other end has shown a valid certificate for `endpoint.host`.
    ///
    /// Throws `Error(tls)` that says what is wrong with the certificate or the handshake, `Error(bad_input)` when the
    /// file of trusted certificates can't be used. In the new stream an end that the peer has not announced
    /// (`close_notify`) is `Error(reset)`, because anyone on the way could have made it (RFC 8446, section 6.1); a
    /// write that was not taken is to be repeated with the same bytes.
    Task<std::unique_ptr<ByteStream>> connect(std::unique_ptr<ByteStream> stream, Endpoint endpoint);

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

/// The other end: makes plain connections encrypted ones for a server that shows a certificate.
class TlsServerContext {
  public:
    /// `protocols` are what may be spoken inside, best first. Throws `Error(bad_input)` when the certificate and its
    /// key can't be used.
    explicit TlsServerContext(const Certificate& certificate, std::vector<std::string> protocols = {});
    TlsServerContext(TlsServerContext&&) noexcept;
    TlsServerContext& operator=(TlsServerContext&&) noexcept;
    ~TlsServerContext();

    /// Makes `stream` a TLS connection with the client at its other end, called `peer` in messages. Throws
    /// `Error(tls)`.
    Task<std::unique_ptr<ByteStream>> accept(std::unique_ptr<ByteStream> stream, std::string peer);

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace plait::net
