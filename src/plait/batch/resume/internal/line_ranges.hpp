#pragma once

#include "plait/batch/call/line_set.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace plait::batch::internal {

/// Appends lines as ranges, such as `3 7-20`. Sorts the lines, and drops repeated ones.
void append_ranges(std::string& out, std::vector<std::uint64_t>& lines);

/// Appends the lines from `first` to `last` as a range.
void append_range(std::string& out, std::uint64_t first, std::uint64_t last);

/// Calls `visit(line)` for each line of such a text. Returns false if it is malformed or has a line above
/// `LineSet::largest_line`; the lines before it were visited.
template <class Visit>
bool read_ranges(std::string_view text, Visit visit) {
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto read = [&](std::uint64_t& number) {
        const auto [behind, error] = std::from_chars(at, end, number);
        at = behind;
        return error == std::errc() && number <= LineSet::largest_line;
    };
    while (at != end) {
        std::uint64_t first = 0;
        if (!read(first)) return false;
        std::uint64_t last = first;
        if (at != end && *at == '-' && (++at, !read(last))) return false;
        if (at != end && *at++ != ' ') return false;
        for (std::uint64_t line = first; line <= last; ++line) visit(line);
    }
    return true;
}

}  // namespace plait::batch::internal
