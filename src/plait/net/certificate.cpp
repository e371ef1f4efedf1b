#include "plait/net/certificate.hpp"

#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"
#include "plait/net/internal/openssl.hpp"

#include <openssl/pem.h>

namespace plait::net {

namespace {

using namespace net::internal;

void check(bool success) { check_openssl(success, "make a certificate"); }

/// A DNS name or an IP address, in the form that certificates have.
GENERAL_NAME* make_general_name(const std::string& name) {
    GENERAL_NAME* general = ::GENERAL_NAME_new();
    check(general);
    if (ASN1_OCTET_STRING* address = ::a2i_IPADDRESS(name.c_str())) {
        ::GENERAL_NAME_set0_value(general, GEN_IPADD, address);
    } else {
        ASN1_IA5STRING* text = ::ASN1_IA5STRING_new();
        check(text && ::ASN1_STRING_set(text, name.data(), static_cast<int>(name.size())));
        ::GENERAL_NAME_set0_value(general, GEN_DNS, text);
    }
    return general;
}

void add_names(X509* certificate, const std::vector<std::string>& names) {
    const OwnedGeneralNames general_names(::GENERAL_NAMES_new());
    check(general_names != nullptr);
    for (const std::string& name : names) {
        check(sk_GENERAL_NAME_push(general_names.get(), make_general_name(name)) > 0);
    }
    check(::X509_add1_ext_i2d(certificate, NID_subject_alt_name, general_names.get(), 0, X509V3_ADD_DEFAULT) == 1);
}

void add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    check(extension);
    const int added = ::X509_add_ext(certificate, extension, -1);
    ::X509_EXTENSION_free(extension);
    check(added == 1);
}

void set_random_serial(X509* certificate) {
    std::unique_ptr<BIGNUM, FreeWith<BN_free>> number(::BN_new());
    constexpr int bits = 127;  // RFC 5280, section 4.1.2.2: positive, at most 20 bytes
    check(number && ::BN_rand(number.get(), bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1);
    check(::BN_to_ASN1_INTEGER(number.get(), ::X509_get_serialNumber(certificate)) != nullptr);
}

void set_subject(X509* certificate, const std::string& name) {
    check(::X509_NAME_add_entry_by_txt(::X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(name.data()),
                                       static_cast<int>(name.size()), -1, 0) == 1);
}

Certificate to_pem(X509* certificate, EVP_PKEY* key) {
    const OwnedBio certificate_text(::BIO_new(::BIO_s_mem()));
    const OwnedBio key_text(::BIO_new(::BIO_s_mem()));
    check(certificate_text && ::PEM_write_bio_X509(certificate_text.get(), certificate) == 1);
    check(key_text && ::PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return Certificate(written_to(certificate_text.get()), written_to(key_text.get()));
}

}  // namespace

Certificate make_certificate(const CertificateOptions& options, const Certificate* issuer) {
    PLAIT_ASSERT(!options.names.empty(), "a certificate stands for a name");
    const OwnedKey key(EVP_EC_gen("P-256"));
    const OwnedCertificate certificate(::X509_new());
    check(key && certificate);

    OwnedCertificate issuer_certificate;
    OwnedKey issuer_key;
    if (issuer) {
        issuer_certificate.reset(::PEM_read_bio_X509(read_from(issuer->certificate).get(), nullptr, nullptr, nullptr));
        issuer_key.reset(::PEM_read_bio_PrivateKey(read_from(issuer->private_key).get(), nullptr, nullptr, nullptr));
        check(issuer_certificate && issuer_key);
    }
    X509* const signer = issuer ? issuer_certificate.get() : certificate.get();

    check(::X509_set_version(certificate.get(), X509_VERSION_3) == 1);
    set_random_serial(certificate.get());
    check(::X509_gmtime_adj(X509_getm_notBefore(certificate.get()), options.begins.count()) != nullptr);
    check(::X509_gmtime_adj(X509_getm_notAfter(certificate.get()), options.ends.count()) != nullptr);
    set_subject(certificate.get(), options.names.front());
    check(::X509_set_issuer_name(certificate.get(), ::X509_get_subject_name(signer)) == 1);
    check(::X509_set_pubkey(certificate.get(), key.get()) == 1);
    if (!options.has_common_name_only) add_names(certificate.get(), options.names);
    const bool is_authority = options.is_authority || !issuer;
    add_extension(certificate.get(), signer, NID_basic_constraints,
                  is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(certificate.get(), signer, NID_key_usage,
                  is_authority ? "critical,digitalSignature,keyCertSign" : "critical,digitalSignature");
    add_extension(certificate.get(), signer, NID_subject_key_identifier, "hash");
    add_extension(certificate.get(), signer, NID_authority_key_identifier, "keyid:always");
    check(::X509_sign(certificate.get(), issuer ? issuer_key.get() : key.get(), ::EVP_sha256()) > 0);
    return to_pem(certificate.get(), key.get());
}

}  // namespace plait::net
