#pragma once

#include "plait/batch/method/methods.hpp"
#include "plait/trace/trace_file.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace plait::batch {

/// Creates a trace file as `create_file` does, and begins the trace of `method` at work. `command` names the command,
/// such as `run`.
///
/// To trace a run, give the trace to the method and to the runner, and its recorder to the loop. The runner closes it.
std::unique_ptr<trace::TraceFile> open_trace(const std::string& path, bool overwrite, std::string command,
                                             const MethodEntry& method, std::size_t concurrency,
                                             trace::TraceFile::OnTrouble on_trouble);

}  // namespace plait::batch
