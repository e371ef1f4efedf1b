#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/trace/span_states.hpp"

namespace plait::batch::internal {

/// Returns what a worker did for an attempt that it was given at `began`, and whose end came at `ended`: the phases
/// that it measured, up to the end; and before them that it had the attempt. Of a failure, it measures none.
trace::SpanStates states_at_worker(const Attempt& attempt, TimePoint began, TimePoint ended);

}  // namespace plait::batch::internal
