#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace plait::net::internal {

template <auto free>
struct FreeWith {
    template <class T>
    void operator()(T* object) const noexcept {
        free(object);
    }
};

/// Owns an object that OpenSSL made.
using OwnedBio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using OwnedCertificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using OwnedGeneralNames = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using OwnedKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using OwnedSession = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;
using OwnedSsl = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using OwnedSslContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;

/// Takes the errors of this thread from OpenSSL. Returns the message of the operating system if that failed, and
/// otherwise the newest.
std::string take_openssl_reason();

/// Throws `Error` when something failed that fails only without memory, or by a bug.
void check_openssl(bool success, std::string_view what);

/// A BIO that reads from `text`, which must outlive it.
OwnedBio read_from(const std::string& text);

/// Returns what was written into a memory BIO.
std::string written_to(BIO* memory);

}  // namespace plait::net::internal
