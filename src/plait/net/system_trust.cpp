#include "plait/net/system_trust.hpp"

#include "plait/net/internal/trusted_certificates.hpp"

#include <cstdlib>

namespace plait::net {

bool system_has_trusted_certificates() { return internal::have_any(internal::system_trust_places()); }

std::size_t certificates_in(const std::string& file) { return internal::certificates_in_file(file); }

SystemTrust system_trust() {
    SystemTrust trust = internal::count_certificates(internal::system_trust_places());
    const char* const named = std::getenv("SSL_CERT_FILE");
    if (named != nullptr && trust.place != named) trust.unusable_file = named;
    return trust;
}

}  // namespace plait::net
