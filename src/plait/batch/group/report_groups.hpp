#pragma once

#include "plait/batch/group/group.hpp"
#include "plait/batch/group/group_report.hpp"

#include <cstddef>
#include <vector>

namespace plait::batch {

/// Reports how the groups stand, and the origins that can't be reached. `concurrency` is that of a group without an
/// adaptive limit.
std::vector<GroupReport> report_groups(const KeyedCache<Group>& groups, const KeyedCache<Origin>& origins,
                                       std::size_t concurrency, const ClockPair& clocks);

}  // namespace plait::batch
