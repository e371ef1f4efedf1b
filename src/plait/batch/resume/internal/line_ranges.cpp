#include "plait/batch/resume/internal/line_ranges.hpp"

#include "plait/json/text.hpp"

#include <algorithm>

namespace plait::batch::internal {

using json::append_number;

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
