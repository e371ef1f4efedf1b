#pragma once

#include "plait/compare/measurement.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace plait::compare {

/// Who decides when to switch, in one or two words.
std::string_view switcher_text(batch::Scheduling switcher) noexcept;

/// The comparison for people: a heading and a line for each row, none longer than `columns` as long as `columns` is at
/// least 44. What does not fit is left out, the least important first.
std::string table(const Comparison& comparison, std::size_t columns);

/// `text` in lines of at most `columns`, each ended by a line break.
std::string wrapped(std::string_view text, std::size_t columns);

}  // namespace plait::compare
