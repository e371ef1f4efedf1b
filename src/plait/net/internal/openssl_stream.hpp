#pragma once

#include "plait/base/error.hpp"
#include "plait/net/internal/openssl.hpp"
#include "plait/net/internal/tls_sessions.hpp"
#include "plait/net/tls_stream.hpp"

#include <sys/types.h>

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace plait::net::internal {

/// A TLS connection over another stream. OpenSSL reads and writes the inner stream itself, through a BIO, so that
/// nothing is copied on the way and an idle connection has no buffers.
class OpenSslStream final : public TlsStream {
  public:
    /// `peer` is its name in messages.
    OpenSslStream(SSL_CTX* context, std::unique_ptr<ByteStream> inner, std::string peer);
    /// A client says that this is the end (close_notify), if the stream takes that at once.
    ~OpenSslStream() override;

    SSL* ssl() const noexcept { return ssl_.get(); }

    /// Keeps the sessions that the peer offers, under its name, which must be the only thing that they are good for.
    void keep_sessions_in(std::shared_ptr<TlsSessions> sessions) noexcept { sessions_ = std::move(sessions); }

    Task<void> handshake();

    std::optional<std::size_t> try_read(std::span<std::byte> bytes) override;
    std::optional<std::size_t> try_write(std::span<const std::byte> bytes) override;
    Task<void> readable() override;
    Task<void> writable() override { return write_needs_ == Needs::reading ? inner_->readable() : inner_->writable(); }
    bool is_quiet() override;
    bool seems_quiet() override;
    void close_write() noexcept override;
    void reset_at_close() noexcept override {
        says_goodbye_ = false;
        inner_->reset_at_close();
    }
    std::string_view alpn() const noexcept override;
    bool was_resumed() const noexcept override { return ::SSL_session_reused(ssl_.get()) == 1; }

    /// For `SSL_CTX_set_verify`: notes what is wrong with a certificate.
    static int on_verified(int ok, X509_STORE_CTX* store);
    /// For `SSL_CTX_sess_set_new_cb`: keeps a session that the peer offers.
    static int on_new_session(SSL* ssl, SSL_SESSION* session);

  private:
    enum class Needs { nothing, reading, writing };

    /// Returns what OpenSSL waits for, by `SSL_get_error`. Throws when the connection has failed.
    Needs needs_after(int ssl_error);
    [[noreturn]] void fail_by_openssl();
    [[noreturn]] void fail(const std::string& reason) const {
        throw Error(ErrorCode::tls, "tls " + peer_ + ": " + reason);
    }
    [[noreturn]] void fail_at_end() const;
    void say_goodbye() noexcept;

    static const BIO_METHOD* bio_method();
    static int bio_read(BIO* bio, char* bytes, int size);
    static int bio_write(BIO* bio, const char* bytes, int size);
    static long bio_control(BIO* bio, int command, long, void*);
    template <class Operation>
    int transfer(BIO* bio, int retry_flag, Operation operation);

    std::unique_ptr<ByteStream> inner_;
    std::shared_ptr<TlsSessions> sessions_;  ///< null: sessions are not kept
    OwnedSsl ssl_;
    std::string peer_;
    std::exception_ptr inner_error_;  ///< thrown by the inner stream, and kept because it can't pass through OpenSSL
    std::string verification_failure_;
    Needs read_needs_ = Needs::nothing;
    Needs write_needs_ = Needs::nothing;
    bool inner_ended_ = false;
    bool is_open_ = false;
    bool has_failed_ = false;
    bool says_goodbye_ = true;
    pid_t process_;
};

}  // namespace plait::net::internal
