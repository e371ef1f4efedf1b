#pragma once

#include "plait/net/internal/openssl.hpp"
#include "plait/net/system_trust.hpp"

#include <string>
#include <vector>

namespace plait::net::internal {

/// Where a machine keeps the certificates that it trusts.
struct TrustPlaces {
    std::string file;                  ///< of PEM certificates
    std::vector<std::string> folders;  ///< of files that are named by the hash of their subject
    /// Files of other distributions, for a program that was built elsewhere.
    std::vector<std::string> other_files{};
};

/// The places that OpenSSL was built with, or those that SSL_CERT_FILE and SSL_CERT_DIR name, and those of other
/// distributions unless one of these is set.
TrustPlaces system_trust_places();

/// Whether one of the places has something to read. It may turn out not to be a certificate.
bool have_any(const TrustPlaces& places);

/// Counts the certificates in a PEM file; 0 if it can't be read.
std::size_t certificates_in_file(const std::string& path);

/// Counts the certificates in the first of the places that has any, in the order in which they are trusted.
SystemTrust count_certificates(const TrustPlaces& places);

/// Makes `context` trust the certificates of `places`: those of file and folders if there are any, and otherwise those
/// of the first other file that exists. Throws `Error(tls)` when there are none at all, and says where they were looked
/// for.
void trust_system(SSL_CTX* context, const TrustPlaces& places);

}  // namespace plait::net::internal
