#pragma once

#include "plait/net/internal/openssl.hpp"

#include <string>

namespace plait::net::internal {

/// Makes `context` show the certificate in `certificate_file`, with those that signed it behind it, to servers that ask
/// for one. Its private key is in `key_file`, or if that is empty, in the same file. All are PEM.
///
/// Throws `Error(bad_input)`: a file can't be read, holds no certificate or key, the key is encrypted, or belongs to
/// another certificate.
void use_client_certificate(SSL_CTX* context, const std::string& certificate_file, const std::string& key_file);

}  // namespace plait::net::internal
