#pragma once

#include "plait/batch/method/methods.hpp"
#include "plait/trace/trace_file.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace plait::compare::internal {

/// Begins the trace of a measurement, and replaces an existing file. Returns null without a path. If the file can't be
/// written later, prints a warning on standard error.
std::unique_ptr<trace::TraceFile> begin_trace(const std::string& path, const batch::MethodEntry& method,
                                              std::size_t concurrency);

}  // namespace plait::compare::internal
