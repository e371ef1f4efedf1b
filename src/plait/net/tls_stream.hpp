#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"
#include "plait/net/certificate.hpp"
#include "plait/net/endpoint.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::net {

/// An encrypted connection, over another stream.
class TlsStream : public ByteStream {
  public:
    /// The protocol that both sides agreed on (ALPN, RFC 7301), such as `h2`; empty: none was agreed on. Valid as long
    /// as the stream.
    virtual std::string_view alpn() const noexcept = 0;

    /// Whether the handshake resumed an earlier session, which spares both sides the certificates.
    virtual bool was_resumed() const noexcept = 0;
};

/// The settings of a TLS client.
struct TlsOptions {
    TlsOptions() {}

    /// A PEM file with the certificates to trust instead of the system's.
    std::string ca_file;

    /// False: any certificate is accepted, so anyone on the path can read and change everything.
    bool verify = true;

    /// Protocols to offer (ALPN, RFC 7301), such as `http/1.1`, best first. Empty: none are offered.
    std::vector<std::string> protocols;

    /// A PEM file with the certificate to show to servers that ask for one, followed by those that signed it. Empty:
    /// none.
    std::string certificate_file;
    /// A PEM file with its private key, not encrypted. Empty: it is in `certificate_file`.
    std::string key_file;

    friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

/// Turns plain connections into encrypted, verified ones: TLS 1.2 or 1.3 for clients.
///
/// The first connection reads the trusted certificates, which takes some milliseconds. The contexts of a process that
/// have equal settings share them, and also the sessions that servers offer: a later connection to the same host and
/// port resumes one, in about a third of the time (RFC 8446, section 2.2; RFC 5077). Threads may share a context.
class TlsContext {
  public:
    explicit TlsContext(TlsOptions options = {});
    TlsContext(TlsContext&&) noexcept;
    TlsContext& operator=(TlsContext&&) noexcept;
    ~TlsContext();

    /// Reads the files of the settings now. Throws `Error(bad_input)`, which says what is wrong with which file, and
    /// `Error(tls)` when this machine has no trusted certificates.
    void load();

    /// Turns `stream` into a TLS connection, after the peer has shown a valid certificate for `endpoint.host`.
    ///
    /// Throws `Error(tls)`, which says what is wrong with the certificate or the handshake, and what
    /// `load` throws. On the new stream, an end that the peer has not announced
    /// (`close_notify`) is `Error(reset)`, because anyone on the path could have forged it (RFC 8446, section 6.1). A
    /// write that was not taken must be repeated with the same bytes.
    Task<std::unique_ptr<TlsStream>> connect(std::unique_ptr<ByteStream> stream, Endpoint endpoint);

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

enum class TlsVersion { v1_2, v1_3 };

/// The settings of a TLS server.
struct TlsServerOptions {
    explicit TlsServerOptions(Certificate certificate_) : certificate(std::move(certificate_)) {}

    /// The server's own, which those that signed it may follow.
    Certificate certificate;

    /// Protocols to accept (ALPN), best first. Empty: none are negotiated.
    std::vector<std::string> protocols;

    TlsVersion newest = TlsVersion::v1_3;
};

/// Turns plain connections into encrypted ones, for servers.
class TlsServerContext {
  public:
    /// Throws `Error(bad_input)` when the certificate and its key can't be used.
    explicit TlsServerContext(TlsServerOptions options);
    TlsServerContext(TlsServerContext&&) noexcept;
    TlsServerContext& operator=(TlsServerContext&&) noexcept;
    ~TlsServerContext();

    /// Turns `stream` into a TLS connection with a client, which messages call `peer`. Throws
    /// `Error(tls)`. The context must outlive the task.
    Task<std::unique_ptr<TlsStream>> accept(std::unique_ptr<ByteStream> stream, std::string peer);

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace plait::net
