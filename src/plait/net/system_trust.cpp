#include "plait/net/system_trust.hpp"

#include "plait/net/internal/trusted_certificates.hpp"

namespace plait::net {

bool system_has_trusted_certificates() { return internal::have_any(internal::system_trust_places()); }

std::size_t certificates_in(const std::string& file) { return internal::certificates_in_file(file); }

SystemTrust system_trust() { return internal::count_certificates(internal::system_trust_places()); }

}  // namespace plait::net
