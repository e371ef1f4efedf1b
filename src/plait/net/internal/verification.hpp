#pragma once

#include <openssl/x509.h>

#include <string>

namespace plait::net::internal {

/// What is wrong with `certificate` and what can be done about it, where verifying it ended with `code`
/// (X509_V_ERR_...).
std::string describe_verification_failure(int code, X509* certificate);

}  // namespace plait::net::internal
