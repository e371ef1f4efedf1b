#include "plait/base/text/nearest_name.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace plait {

namespace {

/// Returns how many edits lead from `a` to `b`. Of the table of all prefixes, three rows are kept at a time.
std::size_t edits_between(std::string_view a, std::string_view b) {
    std::vector<std::size_t> two_above, above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
        }
        two_above = above;
        above = row;
    }
    return above[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> names) {
    constexpr std::size_t longest = 64;  // nobody types a longer name, and the table grows with the square
    if (typed.size() > longest) return {};
    std::string_view nearest;
    std::size_t fewest = std::max<std::size_t>(1, typed.size() / 3) + 1;
    for (const std::string_view name : names) {
        const std::size_t edits = edits_between(typed, name);
        if (edits < fewest) {
            fewest = edits;
            nearest = name;
        }
    }
    return nearest;
}

}  // namespace plait
