#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace plait {

/// A time for people, in the unit that suits it: `350 us`, `90 ms`, `12.5 s`, `2 m 03 s`, `1 h 30 m`.
std::string in_words(Duration duration);

/// Text from outside, such as a name, as it can be shown on a line of a terminal: with `?` for control characters, and
/// with `...` for what is longer than `longest` bytes.
std::string printable(std::string_view text, std::size_t longest = 60);

}  // namespace plait
