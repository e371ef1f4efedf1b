#pragma once

#include "plait/compare/measure/measurement.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace plait::compare {

/// Returns who schedules the calls, in one or two words.
std::string_view scheduling_text(batch::Scheduling scheduling) noexcept;

/// Returns the comparison as a table: a heading and a line for each row, none longer than `columns`, if that is at
/// least 44. Columns that don't fit are left out, the least important first.
std::string table(const Comparison& comparison, std::size_t columns);

/// Returns `text` in lines of at most `columns`, each with a line break.
std::string wrapped(std::string_view text, std::size_t columns);

}  // namespace plait::compare
