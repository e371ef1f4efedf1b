#pragma once

#include "plait/async/dump.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/task.hpp"

#include <vector>

namespace plait {

/// Inspects loops of other threads, in the order given. Each answers for itself and for the loops inside it the next
/// time it takes calls from other threads: at once when its tasks wait. A loop that stays busy for longer than
/// `patience`, or that does not run, is left out.
Task<std::vector<LoopInfo>> inspect(std::vector<LoopHandle> loops, Duration patience);

}  // namespace plait
