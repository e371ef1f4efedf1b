#pragma once

#include "plait/batch/method/methods.hpp"
#include "plait/trace/trace_file.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace plait::batch {

/// Makes the file for the trace of `method` making calls or doing jobs, as `create_file` does, and begins the trace.
/// `command` is who asked for it, such as `run`.
///
/// A run has its trace when the trace is in the options of the method and of the runner, and its recorder in those of
/// the loop. The runner ends it.
std::unique_ptr<trace::TraceFile> open_trace(const std::string& path, bool overwrite, std::string command,
                                             const MethodEntry& method, std::size_t concurrency,
                                             trace::TraceFile::OnTrouble on_trouble);

}  // namespace plait::batch
