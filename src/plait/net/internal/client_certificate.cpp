#include "plait/net/internal/client_certificate.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <string_view>
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

/// What the bytes at the front of `file` look like, and how to make PEM of them.
std::string hint_at_form(const std::string& file, std::string_view option) {
    std::string text(64, '\0');
    const OwnedBio bio(::BIO_new_file(file.c_str(), "r"));
    const int size = bio ? ::BIO_read(bio.get(), text.data(), static_cast<int>(text.size())) : 0;
    text.resize(static_cast<std::size_t>(std::max(size, 0)));
    const bool is_pem = text.find("-----BEGIN ") != std::string::npos;
    if (is_pem && text.find("PRIVATE KEY-----") != std::string::npos) return ", but a private key: it belongs to --key";
    // DER: a sequence whose length takes several bytes. The first in a PKCS #12 file is its version, 3.
    const bool is_der = text.size() > 8 && text[0] == '\x30' && (static_cast<unsigned char>(text[1]) & 0x80) != 0;
    if (!is_der) return fmt::format(": {} takes a PEM file", option);
    const bool is_pkcs12 = text.substr(2, 6).find("\x02\x01\x03") != std::string::npos;
    const std::string_view command = is_pkcs12 ? "pkcs12 -nodes" : option == "--key" ? "pkey" : "x509";
    return fmt::format(": {} takes a PEM file; make one with `openssl {} -in {} -out NEW`", option, command, file);
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
        throw_bad_input("there is no private key in " + file +
                        (has_own_file ? hint_at_form(file, "--key") : ": name its file with --key"));
    }
    throw_bad_input("read the private key from " + file + ": " + take_openssl_reason());
}

}  // namespace

void use_client_certificate(SSL_CTX* context, const std::string& certificate_file, const std::string& key_file) {
    if (::SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
        if (lacks_pem()) {
            ::ERR_clear_error();
            throw_bad_input("there is no certificate in " + certificate_file +
                            hint_at_form(certificate_file, "--cert"));
        }
        throw_bad_input("read the client certificate from " + certificate_file + ": " + take_openssl_reason());
    }
    const std::string& file = key_file.empty() ? certificate_file : key_file;
    const OwnedKey key = read_key(file, !key_file.empty());
    if (::X509_check_private_key(::SSL_CTX_get0_certificate(context), key.get()) != 1) {
        ::ERR_clear_error();
        throw_bad_input("the private key in " + file + " does not belong to the certificate in " + certificate_file +
                        ": the certificate must be the first one in its file, and the key the one it was made for");
    }
    check_openssl(::SSL_CTX_use_PrivateKey(context, key.get()) == 1, "use the private key in " + file);
}

}  // namespace plait::net::internal
