#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/caller/caller.hpp"
#include "plait/batch/tally/tally.hpp"
#include "plait/trace/trace_file.hpp"

#include <vector>

// What a run puts into its trace.
namespace plait::batch {

/// Writes what has waited for long, until it is cancelled: spans reach the file soon, even if nothing happens any more.
/// The trace outlives the task.
Task<void> keep_trace_written(trace::TraceFile& trace);

/// Adds the span that `end` has, and takes it.
void trace_call(trace::TraceFile& trace, const Call& call, CallEnd& end);

/// Closes the trace, now, with the outcomes of the calls and what was found out about the groups.
void close_trace(trace::TraceFile& trace, const Tally& tally, const std::vector<GroupReport>& groups);

}  // namespace plait::batch
