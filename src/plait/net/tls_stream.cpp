#include "plait/net/tls_stream.hpp"

#include "plait/base/error.hpp"
#include "plait/net/address.hpp"
#include "plait/net/internal/openssl.hpp"
#include "plait/net/internal/verification.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <exception>
#include <mutex>
#include <string_view>
#include <utility>

namespace plait::net {

namespace {

using namespace net::internal;

/// A TLS connection over another stream. OpenSSL reads and writes the inner stream itself, through a BIO, so that
/// nothing is copied on the way and an idle connection has no buffers.
class OpenSslStream final : public TlsStream {
  public:
    OpenSslStream(SSL_CTX* context, std::unique_ptr<ByteStream> inner, std::string peer);

    SSL* ssl() const noexcept { return ssl_.get(); }

    Task<void> handshake();

    std::optional<std::size_t> try_read(std::span<std::byte> bytes) override;
    std::optional<std::size_t> try_write(std::span<const std::byte> bytes) override;
    Task<void> readable() override;
    Task<void> writable() override { return write_needs_ == Needs::reading ? inner_->readable() : inner_->writable(); }
    bool is_quiet() override;
    void close_write() noexcept override;
    void reset_at_close() noexcept override { inner_->reset_at_close(); }
    std::string_view alpn() const noexcept override;

    static const BIO_METHOD* bio_method();

    /// OpenSSL asks here whether to go on although `store` found a fault.
    static int on_verified(int ok, X509_STORE_CTX* store);

  private:
    enum class Needs { nothing, reading, writing };

    /// Returns what OpenSSL waits for, by `SSL_get_error`. Throws when the connection has failed.
    Needs needs_after(int ssl_error);
    [[noreturn]] void fail(const std::string& reason) const {
        throw Error(ErrorCode::tls, "tls " + peer_ + ": " + reason);
    }
    [[noreturn]] void fail_at_end() const;

    static int bio_read(BIO* bio, char* bytes, int size);
    static int bio_write(BIO* bio, const char* bytes, int size);
    static long bio_control(BIO* bio, int command, long, void*);
    template <class Operation>
    int transfer(BIO* bio, int retry_flag, Operation operation);

    std::unique_ptr<ByteStream> inner_;
    OwnedSsl ssl_;
    std::string peer_;
    std::exception_ptr inner_error_;  ///< thrown by the inner stream, and kept because it can't pass through OpenSSL
    std::string verification_failure_;
    Needs read_needs_ = Needs::nothing;
    Needs write_needs_ = Needs::nothing;
    bool inner_ended_ = false;
    bool is_open_ = false;
};

OpenSslStream::OpenSslStream(SSL_CTX* context, std::unique_ptr<ByteStream> inner, std::string peer)
    : inner_(std::move(inner)), ssl_(::SSL_new(context)), peer_(std::move(peer)) {
    check_openssl(ssl_ != nullptr, "make a TLS connection");
    BIO* bio = ::BIO_new(bio_method());
    check_openssl(bio != nullptr, "make a TLS connection");
    ::BIO_set_data(bio, this);
    ::BIO_set_init(bio, 1);
    ::SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), this);
}

const BIO_METHOD* OpenSslStream::bio_method() {
    static const BIO_METHOD* const method = [] {
        BIO_METHOD* made = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "plait stream");
        check_openssl(made != nullptr, "make a TLS connection");
        ::BIO_meth_set_read(made, bio_read);
        ::BIO_meth_set_write(made, bio_write);
        ::BIO_meth_set_ctrl(made, bio_control);
        return made;
    }();
    return method;
}

/// Lets `operation` move bytes, and returns the outcome as a BIO does.
template <class Operation>
int OpenSslStream::transfer(BIO* bio, int retry_flag, Operation operation) {
    BIO_clear_retry_flags(bio);
    try {
        if (const std::optional<std::size_t> count = operation()) return static_cast<int>(*count);
        BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
    } catch (...) {
        inner_error_ = std::current_exception();
    }
    return -1;
}

int OpenSslStream::bio_read(BIO* bio, char* bytes, int size) {
    auto* self = static_cast<OpenSslStream*>(::BIO_get_data(bio));
    const int count = self->transfer(bio, BIO_FLAGS_READ, [&] {
        return self->inner_->try_read(std::as_writable_bytes(std::span(bytes, static_cast<std::size_t>(size))));
    });
    self->inner_ended_ = count == 0;
    return count;
}

int OpenSslStream::bio_write(BIO* bio, const char* bytes, int size) {
    auto* self = static_cast<OpenSslStream*>(::BIO_get_data(bio));
    return self->transfer(bio, BIO_FLAGS_WRITE, [&] {
        return self->inner_->try_write(std::as_bytes(std::span(bytes, static_cast<std::size_t>(size))));
    });
}

long OpenSslStream::bio_control(BIO* bio, int command, long, void*) {
    switch (command) {
        case BIO_CTRL_FLUSH:
            return 1;
        case BIO_CTRL_EOF:
            return static_cast<OpenSslStream*>(::BIO_get_data(bio))->inner_ended_;
        default:
            return 0;
    }
}

int OpenSslStream::on_verified(int ok, X509_STORE_CTX* store) {
    if (ok == 1) return ok;
    auto* ssl = static_cast<SSL*>(::X509_STORE_CTX_get_ex_data(store, ::SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* self = static_cast<OpenSslStream*>(SSL_get_app_data(ssl));
    self->verification_failure_ =
        describe_verification_failure(::X509_STORE_CTX_get_error(store), ::X509_STORE_CTX_get_current_cert(store));
    return 0;
}

OpenSslStream::Needs OpenSslStream::needs_after(int ssl_error) {
    if (ssl_error == SSL_ERROR_WANT_READ) return Needs::reading;
    if (ssl_error == SSL_ERROR_WANT_WRITE) return Needs::writing;
    // In this order: reporting a fault to the peer may fail as well, and is not what matters.
    if (!verification_failure_.empty()) fail(verification_failure_);
    if (inner_ended_) fail_at_end();
    if (inner_error_) std::rethrow_exception(std::exchange(inner_error_, nullptr));
    const int reason = ERR_GET_REASON(::ERR_peek_last_error());
    if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST) {
        ::ERR_clear_error();
        fail("the peer does not speak TLS there; is it plain http?");
    }
    fail(take_openssl_reason());
}

void OpenSslStream::fail_at_end() const {
    ::ERR_clear_error();
    if (!is_open_)
        throw Error(ErrorCode::reset, "tls " + peer_ + ": the peer has closed the connection in the handshake");
    throw Error(
        ErrorCode::reset,
        "read from " + peer_ + ": the connection ended without TLS's own end (close_notify): something may be missing");
}

Task<void> OpenSslStream::handshake() {
    for (;;) {
        ::ERR_clear_error();
        const int result = ::SSL_do_handshake(ssl_.get());
        if (result == 1) break;
        if (needs_after(::SSL_get_error(ssl_.get(), result)) == Needs::reading) {
            co_await inner_->readable();
        } else {
            co_await inner_->writable();
        }
    }
    is_open_ = true;
}

std::optional<std::size_t> OpenSslStream::try_read(std::span<std::byte> bytes) {
    read_needs_ = Needs::nothing;
    ::ERR_clear_error();
    std::size_t count = 0;
    if (::SSL_read_ex(ssl_.get(), bytes.data(), bytes.size(), &count) == 1) return count;
    const int error = ::SSL_get_error(ssl_.get(), 0);
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    read_needs_ = needs_after(error);
    return std::nullopt;
}

std::optional<std::size_t> OpenSslStream::try_write(std::span<const std::byte> bytes) {
    write_needs_ = Needs::nothing;
    if (bytes.empty()) return 0;
    ::ERR_clear_error();
    std::size_t count = 0;
    if (::SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count) == 1) return count;
    write_needs_ = needs_after(::SSL_get_error(ssl_.get(), 0));
    return std::nullopt;
}

Task<void> OpenSslStream::readable() {
    if (read_needs_ == Needs::writing) {
        co_await inner_->writable();
    } else if (read_needs_ == Needs::reading || !::SSL_has_pending(ssl_.get())) {
        co_await inner_->readable();
    }
}

bool OpenSslStream::is_quiet() {
    const auto nothing_waits = [this] { return !::SSL_has_pending(ssl_.get()) && inner_->is_quiet(); };
    if (nothing_waits()) return true;
    // Session tickets of TLS 1.3 come at any time and are no surplus: let OpenSSL read them.
    ::ERR_clear_error();
    std::byte next;
    std::size_t count = 0;
    if (::SSL_peek_ex(ssl_.get(), &next, 1, &count) == 1) return false;
    return ::SSL_get_error(ssl_.get(), 0) == SSL_ERROR_WANT_READ && nothing_waits();
}

void OpenSslStream::close_write() noexcept {
    ::SSL_shutdown(ssl_.get());
    ::ERR_clear_error();
    inner_->close_write();
}

std::string_view OpenSslStream::alpn() const noexcept {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

OwnedSslContext make_context(const SSL_METHOD* method) {
    OwnedSslContext context(::SSL_CTX_new(method));
    check_openssl(context != nullptr, "prepare TLS");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    ::SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
    // One read of the inner stream takes all that is there, instead of five bytes and then the rest of a record.
    ::SSL_CTX_set_read_ahead(context.get(), 1);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    return context;
}

/// Protocol names in ALPN's wire format: each after its length (RFC 7301, section 3.1).
std::string protocol_list(const std::vector<std::string>& protocols) {
    std::string list;
    for (const std::string& protocol : protocols) {
        list += static_cast<char>(protocol.size());
        list += protocol;
    }
    return list;
}

const unsigned char* unsigned_data(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

OwnedSslContext make_client_context(const TlsOptions& options) {
    OwnedSslContext context = make_context(::TLS_client_method());
    if (!options.protocols.empty()) {
        const std::string list = protocol_list(options.protocols);
        ::SSL_CTX_set_alpn_protos(context.get(), unsigned_data(list), static_cast<unsigned>(list.size()));
    }
    if (!options.verify) return context;
    ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, OpenSslStream::on_verified);
    if (options.ca_file.empty()) {
        check_openssl(::SSL_CTX_set_default_verify_paths(context.get()) == 1, "read the system's trusted certificates");
        return context;
    }
    if (::SSL_CTX_load_verify_file(context.get(), options.ca_file.c_str()) != 1) {
        throw Error(ErrorCode::bad_input,
                    "read trusted certificates from " + options.ca_file + ": " + take_openssl_reason());
    }
    // Every certificate in the file is trusted, whether or not it is the root of a chain.
    ::X509_VERIFY_PARAM_set_flags(::SSL_CTX_get0_param(context.get()), X509_V_FLAG_PARTIAL_CHAIN);
    return context;
}

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
    const int result = ::SSL_select_next_proto(const_cast<unsigned char**>(chosen), chosen_size, unsigned_data(list),
                                               static_cast<unsigned>(list.size()), offered, offered_size);
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

class TlsContext::Implementation {
  public:
    explicit Implementation(TlsOptions options) : options_(std::move(options)) {}

    SSL_CTX* context() {
        std::call_once(made_, [this] { context_ = make_client_context(options_); });
        return context_.get();
    }

  private:
    const TlsOptions options_;
    std::once_flag made_;
    OwnedSslContext context_;
};

TlsContext::TlsContext(TlsOptions options) : implementation_(std::make_unique<Implementation>(std::move(options))) {}
TlsContext::TlsContext(TlsContext&&) noexcept = default;
TlsContext& TlsContext::operator=(TlsContext&&) noexcept = default;
TlsContext::~TlsContext() = default;

Task<std::unique_ptr<TlsStream>> TlsContext::connect(std::unique_ptr<ByteStream> stream, Endpoint endpoint) {
    auto tls = std::make_unique<OpenSslStream>(implementation_->context(), std::move(stream), endpoint.to_string());
    expect_peer(tls->ssl(), endpoint.host);
    ::SSL_set_connect_state(tls->ssl());
    co_await tls->handshake();
    co_return std::move(tls);
}

class TlsServerContext::Implementation {
  public:
    explicit Implementation(const TlsServerOptions& options)
        : context_(make_context(::TLS_server_method())), protocols_(protocol_list(options.protocols)) {
        use(options.certificate);
        if (options.newest == TlsVersion::v1_2) SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION);
        if (!protocols_.empty()) ::SSL_CTX_set_alpn_select_cb(context_.get(), choose_protocol, &protocols_);
    }

    SSL_CTX* context() const noexcept { return context_.get(); }

  private:
    void use(const Certificate& certificate) {
        const OwnedCertificate x509(
            ::PEM_read_bio_X509(read_from(certificate.certificate).get(), nullptr, nullptr, nullptr));
        const OwnedKey key(
            ::PEM_read_bio_PrivateKey(read_from(certificate.private_key).get(), nullptr, nullptr, nullptr));
        if (!x509 || !key || ::SSL_CTX_use_certificate(context_.get(), x509.get()) != 1 ||
            ::SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1) {
            throw Error(ErrorCode::bad_input, "use a certificate for TLS: " + take_openssl_reason());
        }
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
