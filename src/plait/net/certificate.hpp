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

/// The contents of a new certificate.
struct CertificateOptions {
    /// `names` are the host names and addresses that it is valid for.
    explicit CertificateOptions(std::vector<std::string> names_) : names(std::move(names_)) {}

    std::vector<std::string> names;

    /// Whether it may sign others. One that no `issuer` signs always may.
    bool is_authority = false;

    /// Only the first name, as the Common Name, and no list of names: as in old certificates.
    bool has_common_name_only = false;

    /// How long it is valid from now. It starts earlier, for peers whose clocks are behind.
    std::chrono::seconds begins = -std::chrono::hours(24);
    std::chrono::seconds ends = std::chrono::hours(24 * 365);
};

/// Makes a certificate with a new key (P-256), signed by `issuer` or by itself. For rehearsals and tests: clients must
/// be told to trust it (a file with `certificate`, `--cacert`).
Certificate make_certificate(const CertificateOptions& options, const Certificate* issuer = nullptr);

}  // namespace plait::net
