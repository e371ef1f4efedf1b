#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace plait::net {

/// A certificate and its private key, both as PEM text.
class Certificate {
  public:
    Certificate(std::string certificate_, std::string private_key_)
        : certificate(std::move(certificate_)), private_key(std::move(private_key_)) {}

    std::string certificate;
    std::string private_key;
};

/// What a new certificate says.
struct CertificateOptions {
    /// `names` are host names and addresses for which it stands.
    explicit CertificateOptions(std::vector<std::string> names_) : names(std::move(names_)) {}

    std::vector<std::string> names;

    /// It has no list of names, only the first of them as its Common Name, as old certificates do.
    bool has_common_name_only = false;

    /// Its validity, counted from now. It begins earlier, for clocks that are behind.
    std::chrono::seconds begins = -std::chrono::hours(24);
    std::chrono::seconds ends = std::chrono::hours(24 * 365);
};

/// Makes a certificate with a new key (P-256), signed by `issuer` or by itself. For rehearsals and tests: whoever is to
/// trust it has to be told (a file with `certificate`, `--cacert`).
Certificate make_certificate(const CertificateOptions& options, const Certificate* issuer = nullptr);

}  // namespace plait::net
