#pragma once

#include <openssl/x509.h>

#include <string>

namespace plait::net::internal {

/// Says what is wrong with `certificate`, whose verification ended with `code` (X509_V_ERR_...), and what can be done.
std::string describe_verification_failure(int code, X509* certificate);

}  // namespace plait::net::internal
