#include "plait/net/internal/verification.hpp"

#include "plait/net/internal/openssl.hpp"

#include <arpa/inet.h>

#include <array>

namespace plait::net::internal {

namespace {

constexpr const char* how_to_trust = "; use --cacert FILE to trust it";

/// Foreign text, without characters that could fool a reader.
std::string printable(std::string_view text) {
    std::string shown;
    for (const char c : text) shown += c >= 0x20 && c < 0x7f ? c : '?';
    return shown;
}

std::string common_name(const X509_NAME* name) {
    std::array<char, 256> text{};
    if (::X509_NAME_get_text_by_NID(const_cast<X509_NAME*>(name), NID_commonName, text.data(), text.size()) > 0) {
        return printable(text.data());
    }
    return printable(::X509_NAME_oneline(name, text.data(), static_cast<int>(text.size())));
}

std::string time_text(const ASN1_TIME* time) {
    const OwnedBio text(::BIO_new(::BIO_s_mem()));
    if (!text || ::ASN1_TIME_print(text.get(), time) != 1) return "an unreadable time";
    return written_to(text.get());
}

std::string general_name_text(const GENERAL_NAME* name) {
    if (name->type != GEN_DNS && name->type != GEN_IPADD) return {};
    const ASN1_STRING* value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const unsigned char* data = ::ASN1_STRING_get0_data(value);
    const auto size = static_cast<std::size_t>(::ASN1_STRING_length(value));
    if (name->type == GEN_DNS) return printable({reinterpret_cast<const char*>(data), size});
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (size == sizeof(in_addr)) ::inet_ntop(AF_INET, data, text.data(), text.size());
    if (size == sizeof(in6_addr)) ::inet_ntop(AF_INET6, data, text.data(), text.size());
    return text.data();
}

/// Returns at most five of the names and addresses that `certificate` is valid for.
std::string names_of(X509* certificate) {
    const OwnedGeneralNames names(
        static_cast<GENERAL_NAMES*>(::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    constexpr int shown_names = 5;
    std::string text;
    int count = 0;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const std::string name = general_name_text(sk_GENERAL_NAME_value(names.get(), i));
        if (name.empty()) continue;
        if (++count > shown_names) continue;
        if (count > 1) text += ", ";
        text += name;
    }
    if (count > shown_names) text += " and " + std::to_string(count - shown_names) + " more";
    return text;
}

std::string whom_it_is_for(X509* certificate) {
    const std::string names = names_of(certificate);
    if (!names.empty()) return "the certificate is for " + names;
    return "the certificate lists no host (subjectAltName); its Common Name " +
           common_name(::X509_get_subject_name(certificate)) + " does not count";
}

}  // namespace

std::string describe_verification_failure(int code, X509* certificate) {
    if (!certificate) return ::X509_verify_cert_error_string(code);
    const std::string issuer = common_name(::X509_get_issuer_name(certificate));
    switch (code) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return whom_it_is_for(certificate);
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return std::string("the certificate is self-signed") + how_to_trust;
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return "the certificate's issuer " + issuer + " is not trusted" + how_to_trust;
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "the certificate has expired on " + time_text(::X509_get0_notAfter(certificate));
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "the certificate is not valid before " + time_text(::X509_get0_notBefore(certificate)) +
                   "; is the clock right?";
        default:
            return std::string("the certificate is not valid: ") + ::X509_verify_cert_error_string(code);
    }
}

}  // namespace plait::net::internal
