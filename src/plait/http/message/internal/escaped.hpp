#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// Bytes of a peer for a message: one line of ASCII, other bytes as in `\x0d`, and `...` for all but the first
/// `longest` bytes.
std::string escaped(std::string_view bytes, std::size_t longest = 60);

}  // namespace plait::http::internal
