#include "plait/batch/status/run_report.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace plait::batch {

void RunReport::take_groups(std::vector<GroupReport> all) {
    const auto rank = [](const GroupReport& group) {
        const bool stands_still = group.parked || group.circuit_open_since;
        return std::tuple(group.in_flight + group.waiting, stands_still);
    };
    const auto is_busier = [&rank](const GroupReport& a, const GroupReport& b) {
        return rank(a) != rank(b) ? rank(a) > rank(b) : a.name < b.name;
    };
    group_count = all.size();
    const auto kept = std::min(all.size(), most_groups);
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(kept);
    std::partial_sort(all.begin(), end, all.end(), is_busier);
    all.erase(end, all.end());
    groups = std::move(all);
}

}  // namespace plait::batch
