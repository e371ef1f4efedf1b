#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace plait::http::internal {

/// Parses the date of a cookie by the algorithm of RFC 6265bis, section 5.1.1, which takes a time, a day, a month and a
/// year in any order. Returns seconds since 1970.
std::optional<std::int64_t> parse_cookie_date(std::string_view text);

}  // namespace plait::http::internal
