#pragma once

#include <string>
#include <string_view>

namespace plait::http::internal {

/// Returns an international host name as name servers know it: `bücher.example` becomes `xn--bcher-kva.example`.
///
/// By IDNA 2008 with the mapping of UTS 46, non-transitional, as browsers do: case and full-width forms make no
/// difference, and `ß` stays a letter of its own. Throws `Error(bad_input)` with only the reason as its text.
std::string ascii_host_name(std::string_view utf_8);

}  // namespace plait::http::internal
