#pragma once

#include <cstddef>
#include <string>

namespace plait::net {

/// Whether TLS finds certificates to trust where it looks by default: in the places of this distribution and of others,
/// or where SSL_CERT_FILE and SSL_CERT_DIR say. Looks at names and sizes only. For programs that bring certificates of
/// their own for systems that have none.
bool system_has_trusted_certificates();

/// The certificates that TLS trusts by default.
struct SystemTrust {
    /// The file or folder that they are in; if there are none, all places that were looked into.
    std::string place;
    std::size_t certificates = 0;
    /// The file that SSL_CERT_FILE names, if it has none.
    std::string unusable_file{};
};

/// Looks for them where TLS does, and counts them.
SystemTrust system_trust();

/// Counts the certificates in a PEM file; 0 if it can't be read.
std::size_t certificates_in(const std::string& file);

}  // namespace plait::net
