#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/compare/jobs/job_work.hpp"
#include "plait/compare/measure/measurement.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace plait::compare {

/// A method of Python's; `plait` is that of the Python package.
struct PythonMethod {
    std::string_view name;
    batch::Scheduling scheduling;
};
extern const std::array<PythonMethod, 6> python_methods;

/// Python's figures, and its version.
class PythonMeasurement {
  public:
    PythonMeasurement() {}

    Measurement measured;
    std::string version;
    /// Whether the interpreter lock lets one thread run at a time: not in a free-threaded build.
    bool has_lock = true;
};

/// Parses the line that python_jobs.py prints after `count` jobs; nothing when it is not such a line.
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

/// Does `work`, which must outlive the task, in a new process of the `python3` in the path. Throws `PythonNotFound`
/// without one, `NoPythonMethod`, or `Error` when it failed, printed something else, took longer than `limit`, or has
/// no package `plait`.
Task<PythonMeasurement> measure_python(const JobWork& work, Way way, Duration limit);

}  // namespace plait::compare
