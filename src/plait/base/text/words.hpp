#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace plait {

/// A duration for people, rounded to three digits in the unit that suits it: `350 us`, `90 ms`, `12.5 s`, `2 min 3 s`,
/// `1 h 30 min`.
std::string in_words(Duration duration);

/// The same with exactly `digits` digits below two minutes, for measurements that stand in a column: `9.10 ms`,
/// `1.00 s`.
std::string in_words(Duration duration, int digits);

/// Foreign text for a line on a terminal: control characters become `?`, and `...` replaces all but the first `longest`
/// bytes.
std::string printable(std::string_view text, std::size_t longest = 60);

}  // namespace plait
