#pragma once

#include "plait/base/clock.hpp"

#include <string>
#include <string_view>

namespace plait::http::internal {

/// `text` as a message may quote it, whatever is in it: on one line, in ASCII, and no longer than `longest` bytes of
/// it.
std::string printable(std::string_view text, std::size_t longest = 60);

/// As `60 s` or `25.3 ms`.
std::string in_words(Duration duration);

}  // namespace plait::http::internal
