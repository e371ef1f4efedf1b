#include "plait/batch/resume/internal/line_ranges.hpp"

#include <algorithm>
#include <array>

namespace plait::batch::internal {

namespace {

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

}  // namespace

void append_range(std::string& out, std::uint64_t first, std::uint64_t last) {
    append_number(out, first);
    if (last == first) return;
    out += '-';
    append_number(out, last);
}

void append_ranges(std::string& out, std::vector<std::uint64_t>& lines) {
    std::sort(lines.begin(), lines.end());
    for (std::size_t first = 0; first < lines.size();) {
        std::size_t last = first;
        while (last + 1 < lines.size() && lines[last + 1] - lines[last] <= 1) ++last;
        if (first > 0) out += ' ';
        append_range(out, lines[first], lines[last]);
        first = last + 1;
    }
}

}  // namespace plait::batch::internal
