#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"
#include "plait/net/certificate.hpp"
#include "plait/net/endpoint.hpp"

#include <memory>
#include <string>
#include <utility>
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
/// serves a session, and threads may share one.
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

enum class TlsVersion { v1_2, v1_3 };

/// What a server shows and speaks.
struct TlsServerOptions {
    explicit TlsServerOptions(Certificate certificate_) : certificate(std::move(certificate_)) {}

    Certificate certificate;

    /// What may be spoken inside, best first. Empty: nothing is said.
    std::vector<std::string> protocols;

    TlsVersion newest = TlsVersion::v1_3;
};

/// The other end: makes plain connections encrypted ones, for servers.
class TlsServerContext {
  public:
    /// Throws `Error(bad_input)` when the certificate and its key can't be used.
    explicit TlsServerContext(TlsServerOptions options);
    TlsServerContext(TlsServerContext&&) noexcept;
    TlsServerContext& operator=(TlsServerContext&&) noexcept;
    ~TlsServerContext();

    /// Makes `stream` a TLS connection with the client at its other end, called `peer` in messages. Throws
    /// `Error(tls)`. The context must outlive the task.
    Task<std::unique_ptr<ByteStream>> accept(std::unique_ptr<ByteStream> stream, std::string peer);

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace plait::net
