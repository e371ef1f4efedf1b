#include "plait/net/internal/client_certificate.hpp"

#include "plait/base/error.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

namespace plait::net::internal {

namespace {

/// OpenSSL calls this for an encrypted key. Without it, OpenSSL would ask on the terminal.
int note_encryption(char*, int, int, void* was_asked) {
    *static_cast<bool*>(was_asked) = true;
    return -1;
}

/// Whether OpenSSL has found no PEM text of the kind it looked for. Leaves its errors where they are.
bool lacks_pem() {
    const unsigned long last = ::ERR_peek_last_error();
    const unsigned long first = ::ERR_peek_error();
    const auto is = [](unsigned long error, int library, int reason) {
        return ERR_GET_LIB(error) == library && ERR_GET_REASON(error) == reason;
    };
    return is(first, ERR_LIB_PEM, PEM_R_NO_START_LINE) || is(last, ERR_LIB_OSSL_DECODER, ERR_R_UNSUPPORTED);
}

OwnedKey read_key(const std::string& file, bool has_own_file) {
    const OwnedBio bio(::BIO_new_file(file.c_str(), "r"));
    if (!bio) throw_bad_input("read the private key from " + file + ": " + take_openssl_reason());
    bool is_encrypted = false;
    OwnedKey key(::PEM_read_bio_PrivateKey(bio.get(), nullptr, note_encryption, &is_encrypted));
    if (key) return key;
    if (is_encrypted) {
        ::ERR_clear_error();
        throw_bad_input("the private key in " + file +
                        " is encrypted, and plait asks for no passphrase: decrypt it with `openssl pkey -in " + file +
                        " -out NEW`, and keep NEW readable for you only");
    }
    if (lacks_pem()) {
        ::ERR_clear_error();
        throw_bad_input("there is no private key in " + file + (has_own_file ? "" : ": name its file with --key"));
    }
    throw_bad_input("read the private key from " + file + ": " + take_openssl_reason());
}

}  // namespace

void use_client_certificate(SSL_CTX* context, const std::string& certificate_file, const std::string& key_file) {
    if (::SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
        if (lacks_pem()) {
            ::ERR_clear_error();
            throw_bad_input("there is no certificate in " + certificate_file + ": --cert takes a PEM file");
        }
        throw_bad_input("read the client certificate from " + certificate_file + ": " + take_openssl_reason());
    }
    const std::string& file = key_file.empty() ? certificate_file : key_file;
    const OwnedKey key = read_key(file, !key_file.empty());
    if (::X509_check_private_key(::SSL_CTX_get0_certificate(context), key.get()) != 1) {
        ::ERR_clear_error();
        throw_bad_input("the private key in " + file + " does not belong to the certificate in " + certificate_file);
    }
    check_openssl(::SSL_CTX_use_PrivateKey(context, key.get()) == 1, "use the private key in " + file);
}

}  // namespace plait::net::internal
