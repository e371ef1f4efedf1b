#pragma once

#include "plait/report/timeline.hpp"

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>

namespace plait::report {

/// The version of the trace file that `read_trace` reads.
inline constexpr std::uint64_t trace_version = 1;

/// Reads a trace file (docs/formats.md). `name` is the name of the file, for errors.
///
/// A file that was cut is read up to its last whole record, and `is_cut` is set. Throws `Error(bad_input)` with the
/// number of the line when the file is not a trace of plait, or is otherwise invalid. If there are more than `most`
/// calls, every second one is dropped, repeatedly.
Timeline read_trace(std::istream& input, const std::string& name, std::size_t most = most_spans);

}  // namespace plait::report
