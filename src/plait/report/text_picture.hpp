#pragma once

#include "plait/report/timeline.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plait::report {

/// What the terminal can show.
struct TextOptions {
    std::size_t columns = 80;  ///< at least `least_columns`
    bool ascii = false;        ///< ASCII characters only
    bool colour = false;       ///< with ANSI escape sequences
};

inline constexpr std::size_t least_columns = 30;

/// Returns the timelines drawn in characters, on one time axis: lanes over time, with light marks for waiting and
/// strong ones for running. The figures, the slowest calls and the explanation follow.
///
/// Rows of calls are folded into a bounded number of lines, and no line is longer than `options.columns`. Names from
/// the timelines may hold any bytes: none of them reaches the terminal as a control character.
std::string text_picture(const std::vector<Timeline>& timelines, std::string_view explanation,
                         const TextOptions& options);

}  // namespace plait::report
