#include "plait/batch/run/group.hpp"

namespace plait::batch {

Group::Group(std::string_view name_, const GroupOptions& options, Semaphore& places)
    : name(name_), pace(options.pace, &places), retries(options.retries), hedge(options.hedge) {
    if (options.in_flight) in_flight.emplace(*options.in_flight);
}

}  // namespace plait::batch
