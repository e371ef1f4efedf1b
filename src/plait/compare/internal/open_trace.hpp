#pragma once

#include "plait/batch/method/methods.hpp"
#include "plait/trace/trace_file.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace plait::compare::internal {

/// Begins the trace of a measurement, in place of what stood in the file; null without a path. When it can't be
/// written any more, standard error says so.
std::unique_ptr<trace::TraceFile> open_trace(const std::string& path, const batch::MethodEntry& method,
                                             std::size_t concurrency);

}  // namespace plait::compare::internal
