#pragma once

#include <string_view>

namespace plait {

/// `text` without the characters of `blanks` around it, which are ASCII's blank or below it.
std::string_view trimmed(std::string_view text, std::string_view blanks = " \t") noexcept;

/// Removes blanks and tabs from the front of `text`.
void skip_blanks(std::string_view& text) noexcept;

}  // namespace plait
