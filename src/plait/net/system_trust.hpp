#pragma once

namespace plait::net {

/// Whether TLS finds certificates to trust where it looks by default: in the places of this distribution and of others,
/// or where SSL_CERT_FILE and SSL_CERT_DIR say. Looks at names and sizes only. For programs that bring certificates of
/// their own for systems that have none.
bool system_has_trusted_certificates();

}  // namespace plait::net
