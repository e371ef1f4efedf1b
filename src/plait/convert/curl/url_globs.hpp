#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plait::convert {

/// The most URLs that one with globs may stand for.
inline constexpr std::size_t most_globbed_urls = 1'000'000;

/// Returns the URLs that curl makes of `{a,b}`, `[1-3]`, `[01-10:2]` and `[a-z]` in a URL (curl(1), "URL GLOBBING"),
/// the last glob varying fastest. Throws `Error(bad_input)` for what curl refuses, and for too many.
std::vector<std::string> expand_globs(std::string_view url);

}  // namespace plait::convert
