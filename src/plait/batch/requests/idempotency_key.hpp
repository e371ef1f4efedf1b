#pragma once

#include <string>
#include <string_view>

namespace plait::batch {

/// The idempotency key of a call: the same for the same seed and id, and no other call's. It is a UUID of version 8
/// (RFC 9562, section 5.8) that is made from the SHA-256 of both.
std::string automatic_key(std::string_view seed, std::string_view custom_id);

}  // namespace plait::batch
