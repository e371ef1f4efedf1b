#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/compare/jobs/job_work.hpp"
#include "plait/compare/measure/measurement.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::compare {

/// A method of Python's; `plait` is that of the Python package.
struct PythonMethod {
    std::string_view name;
    batch::Scheduling scheduling;
};
extern const std::array<PythonMethod, 6> python_methods;
inline constexpr std::string_view python_package = "plait";

/// Python's figures, and its version.
class PythonMeasurement {
  public:
    PythonMeasurement() {}

    Measurement measured;
    std::string version;
    /// Whether the interpreter lock lets one thread run at a time: not in a free-threaded build.
    bool has_lock = true;
};

/// Parses the line that python_jobs.py prints after `count` jobs or calls; nothing when it is not such a line.
std::optional<PythonMeasurement> read_python_line(std::string_view line, std::size_t count);

/// Returns the time limit for python3 when the slowest of our own ways took `ours`.
Duration python_limit(Duration ours) noexcept;

/// Thrown when there is no `python3`.
class PythonNotFound : public Error {
  public:
    using Error::Error;
};

/// Thrown when this Python lacks a method: `interpreters` came with 3.14.
class NoPythonMethod : public Error {
  public:
    using Error::Error;
};

/// The command that does jobs.
std::vector<std::string> python_command(const JobWork& work, const Way& way);

/// Runs a command of the `python3` in the path, which does `count` jobs or calls. Throws `PythonNotFound` without one,
/// `NoPythonMethod`, or `Error` when it failed, printed something else, took longer than `limit`, or has no package
/// `plait`.
Task<PythonMeasurement> measure_python(std::vector<std::string> command, std::size_t count, Duration limit);

}  // namespace plait::compare
