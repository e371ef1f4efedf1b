#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plait::convert::internal {

/// Appends a Unicode character. A surrogate, or a number above U+10FFFF, becomes U+FFFD.
void append_utf8(std::string& out, unsigned code);

/// The lines of a text, without their ends (LF or CRLF).
std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace plait::convert::internal
