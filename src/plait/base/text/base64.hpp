#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace plait {

/// Appends `bytes` in base64 with padding (RFC 4648, section 4).
void append_base64(std::string& out, std::string_view bytes);

/// Decodes `text`; nothing when it is not base64 with padding.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace plait
