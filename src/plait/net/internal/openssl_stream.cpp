#include "plait/net/internal/openssl_stream.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/net/internal/verification.hpp"

#include <openssl/err.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace plait::net::internal {

namespace {

/// Empties OpenSSL's list of errors, so that what is in it after an operation came from there. To clear an empty list
/// takes as long as a small operation.
void clear_errors() noexcept {
    if (::ERR_peek_error() != 0) ::ERR_clear_error();
}

}  // namespace

OpenSslStream::OpenSslStream(SSL_CTX* context, std::unique_ptr<ByteStream> inner, std::string peer)
    : inner_(std::move(inner)), ssl_(::SSL_new(context)), peer_(std::move(peer)), process_(::getpid()) {
    check_openssl(ssl_ != nullptr, "make a TLS connection");
    BIO* bio = ::BIO_new(bio_method());
    check_openssl(bio != nullptr, "make a TLS connection");
    ::BIO_set_data(bio, this);
    ::BIO_set_init(bio, 1);
    ::SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), this);
}

OpenSslStream::~OpenSslStream() {
    if (!is_open_ || has_failed_) return;
    say_goodbye();
    // OpenSSL marks the session of a connection that was closed without close_notify as not resumable. Nothing is wrong
    // with the session: whether the data was complete is known by now.
    ::SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

/// RFC 8446, section 6.1, asks for close_notify. Some servers log a connection without it as a failure. A server that
/// is destroyed may be in the middle of an answer, whose end this would seem to be; and in the child of a fork, the
/// connection is the parent's.
void OpenSslStream::say_goodbye() noexcept {
    if (!says_goodbye_ || ::SSL_is_server(ssl_.get()) || ::getpid() != process_) return;
    ::SSL_shutdown(ssl_.get());
    clear_errors();
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

int OpenSslStream::on_new_session(SSL* ssl, SSL_SESSION* session) {
    const auto* self = static_cast<OpenSslStream*>(SSL_get_app_data(ssl));
    if (!self->sessions_ || ::SSL_SESSION_is_resumable(session) != 1) return 0;
    // RFC 8446, section 4.6.1: a ticket lives for at most a week, and one of no lifetime is useless. In TLS 1.2, none
    // means that the server does not say.
    constexpr long week = 7 * 24 * 3600;
    const bool is_1_3 = ::SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
    auto seconds = static_cast<long>(::SSL_SESSION_get_ticket_lifetime_hint(session));
    if (seconds == 0 && !is_1_3) seconds = ::SSL_SESSION_get_timeout(session);
    if (seconds == 0) return 0;
    OfferedSession offered(OwnedSession(session), is_1_3, after(std::chrono::seconds(std::min(seconds, week))));
    self->sessions_->keep(self->peer_, std::move(offered));
    return 1;  // it is ours now
}

OpenSslStream::Needs OpenSslStream::needs_after(int ssl_error) {
    if (ssl_error == SSL_ERROR_WANT_READ) return Needs::reading;
    if (ssl_error == SSL_ERROR_WANT_WRITE) return Needs::writing;
    // In this order: reporting a fault to the peer may fail as well, and is not what matters.
    has_failed_ = true;
    if (!verification_failure_.empty()) fail(verification_failure_);
    if (inner_ended_) fail_at_end();
    if (inner_error_) std::rethrow_exception(std::exchange(inner_error_, nullptr));
    fail_by_openssl();
}

void OpenSslStream::fail_by_openssl() {
    const int reason = ERR_GET_REASON(::ERR_peek_last_error());
    if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST) {
        clear_errors();
        fail("the peer does not speak TLS there; is it plain http?");
    }
    if (reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED) {
        clear_errors();
        fail("the server asks for a client certificate: use --cert FILE and --key FILE");
    }
    fail(take_openssl_reason());
}

void OpenSslStream::fail_at_end() const {
    clear_errors();
    if (!is_open_)
        throw Error(ErrorCode::reset, "tls " + peer_ + ": the peer has closed the connection in the handshake");
    throw Error(
        ErrorCode::reset,
        "read from " + peer_ + ": the connection ended without TLS's own end (close_notify): something may be missing");
}

Task<void> OpenSslStream::handshake() {
    for (;;) {
        clear_errors();
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
    clear_errors();
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
    clear_errors();
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
    clear_errors();
    std::byte next;
    std::size_t count = 0;
    if (::SSL_peek_ex(ssl_.get(), &next, 1, &count) == 1) return false;
    return ::SSL_get_error(ssl_.get(), 0) == SSL_ERROR_WANT_READ && nothing_waits();
}

bool OpenSslStream::seems_quiet() { return (!::SSL_has_pending(ssl_.get()) && inner_->seems_quiet()) || is_quiet(); }

void OpenSslStream::close_write() noexcept {
    ::SSL_shutdown(ssl_.get());
    clear_errors();
    inner_->close_write();
}

std::string_view OpenSslStream::alpn() const noexcept {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

}  // namespace plait::net::internal
