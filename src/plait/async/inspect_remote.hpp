#pragma once

#include "plait/async/dump.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/task.hpp"

#include <vector>

namespace plait {

/// Looks at loops of other threads, in the order given: each answers for itself, and for those inside of it, the next
/// time that it looks at what came from outside. Which is at once when its tasks wait; a loop that is kept for longer
/// than `patience`, or that does not run, is left out.
Task<std::vector<LoopInfo>> inspect(std::vector<LoopHandle> loops, Duration patience);

}  // namespace plait
