#include "plait/net/tls_stream.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/net/address.hpp"
#include "plait/net/internal/client_context.hpp"
#include "plait/net/internal/openssl.hpp"
#include "plait/net/internal/openssl_stream.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <mutex>
#include <utility>

namespace plait::net {

namespace {

using namespace net::internal;

/// Sets the name that the certificate must have, and sends it to the server (SNI, RFC 6066, section 3).
void expect_peer(SSL* ssl, std::string host) {
    if (Address::parse(host, 0)) {
        // SNI is for names only.
        check_openssl(::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), host.c_str()) == 1, "tls " + host);
        return;
    }
    if (host.ends_with('.')) host.pop_back();  // names in certificates have no final dot
    // The Common Name is for people; host names are in an extension (RFC 9110, section 4.3.4).
    ::SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    check_openssl(::SSL_set1_host(ssl, host.c_str()) == 1, "tls " + host);
    check_openssl(SSL_set_tlsext_host_name(ssl, host.c_str()) == 1, "tls " + host);
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned offered_size, void* ours) {
    const auto& list = *static_cast<const std::string*>(ours);
    const int result = ::SSL_select_next_proto(const_cast<unsigned char**>(chosen), chosen_size,
                                               reinterpret_cast<const unsigned char*>(list.data()),
                                               static_cast<unsigned>(list.size()), offered, offered_size);
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

class TlsContext::Implementation {
  public:
    explicit Implementation(TlsOptions options) : options_(std::move(options)) {}

    const ClientContext& context() {
        std::call_once(made_, [this] { context_ = shared_client_context(options_); });
        return *context_;
    }

  private:
    const TlsOptions options_;
    std::once_flag made_;
    std::shared_ptr<const ClientContext> context_;
};

TlsContext::TlsContext(TlsOptions options) : implementation_(std::make_unique<Implementation>(std::move(options))) {}
TlsContext::TlsContext(TlsContext&&) noexcept = default;
TlsContext& TlsContext::operator=(TlsContext&&) noexcept = default;
TlsContext::~TlsContext() = default;

Task<std::unique_ptr<TlsStream>> TlsContext::connect(std::unique_ptr<ByteStream> stream, Endpoint endpoint) {
    const ClientContext& context = implementation_->context();
    const std::string server = endpoint.to_string();
    auto tls = std::make_unique<OpenSslStream>(context.get(), std::move(stream), server);
    expect_peer(tls->ssl(), endpoint.host);
    ::SSL_set_connect_state(tls->ssl());
    tls->keep_sessions_in(context.sessions());
    const OwnedSession session = context.sessions()->take(server, now());
    if (session) ::SSL_set_session(tls->ssl(), session.get());
    try {
        co_await tls->handshake();
    } catch (const Error&) {
        // A server that can't cope with one of its sessions must not fail every connection from now on.
        if (session) context.sessions()->forget(server);
        throw;
    }
    co_return std::move(tls);
}

void TlsContext::load() { implementation_->context(); }

class TlsServerContext::Implementation {
  public:
    explicit Implementation(const TlsServerOptions& options)
        : context_(make_context(::TLS_server_method())), protocols_(alpn_list(options.protocols)) {
        use(options.certificate);
        if (options.newest == TlsVersion::v1_2) SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION);
        if (!protocols_.empty()) ::SSL_CTX_set_alpn_select_cb(context_.get(), choose_protocol, &protocols_);
    }

    SSL_CTX* context() const noexcept { return context_.get(); }

  private:
    void use(const Certificate& certificate) {
        const OwnedBio chain = read_from(certificate.certificate);
        const OwnedCertificate x509(::PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
        const OwnedKey key(
            ::PEM_read_bio_PrivateKey(read_from(certificate.private_key).get(), nullptr, nullptr, nullptr));
        if (!x509 || !key || ::SSL_CTX_use_certificate(context_.get(), x509.get()) != 1 ||
            ::SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1) {
            throw Error(ErrorCode::bad_input, "use a certificate for TLS: " + take_openssl_reason());
        }
        while (const OwnedCertificate next{::PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)})
            SSL_CTX_add1_chain_cert(context_.get(), next.get());
        ::ERR_clear_error();  // that there is no other one
    }

    OwnedSslContext context_;
    std::string protocols_;
};

TlsServerContext::TlsServerContext(TlsServerOptions options)
    : implementation_(std::make_unique<Implementation>(options)) {}
TlsServerContext::TlsServerContext(TlsServerContext&&) noexcept = default;
TlsServerContext& TlsServerContext::operator=(TlsServerContext&&) noexcept = default;
TlsServerContext::~TlsServerContext() = default;

Task<std::unique_ptr<TlsStream>> TlsServerContext::accept(std::unique_ptr<ByteStream> stream, std::string peer) {
    auto tls = std::make_unique<OpenSslStream>(implementation_->context(), std::move(stream), std::move(peer));
    ::SSL_set_accept_state(tls->ssl());
    co_await tls->handshake();
    co_return std::move(tls);
}

}  // namespace plait::net
