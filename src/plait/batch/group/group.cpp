#include "plait/batch/group/group.hpp"

namespace plait::batch {

Group::Group(std::string_view name_, const GroupOptions& options, Semaphore& slots)
    : name(name_), pace(options.pace, &slots), retries(options.retries), hedge(options.hedge) {
    if (options.in_flight) in_flight.emplace(*options.in_flight);
}

}  // namespace plait::batch
