#pragma once

#include <optional>
#include <string_view>

namespace plait::http::internal {

/// Takes a number without a sign off the front of `text`. Returns nothing when there is none.
std::optional<double> take_number(std::string_view& text) noexcept;

/// Parses a number without a sign, with nothing but blanks around it.
std::optional<double> parse_number(std::string_view text) noexcept;

}  // namespace plait::http::internal
