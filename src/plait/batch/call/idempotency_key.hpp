#pragma once

#include <string>
#include <string_view>

namespace plait::batch {

/// Makes the idempotency key of a call, which depends on seed and id alone, and is unique to them: a UUID of version 8
/// (RFC 9562, section 5.8) from the SHA-256 of both.
std::string automatic_key(std::string_view seed, std::string_view custom_id);

}  // namespace plait::batch
