#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/compare/job_work.hpp"
#include "plait/compare/measurement.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace plait::compare {

/// One of Python's ways.
struct PythonMethod {
    std::string_view name;
    batch::Scheduling switcher;
};
extern const std::array<PythonMethod, 4> python_methods;

/// What Python took, and which one it was.
class PythonMeasurement {
  public:
    PythonMeasurement() {}

    Measurement measured;
    std::string version;
};

/// Reads the line that python_jobs.py prints when `count` jobs are done; nothing when it is not such a line.
std::optional<PythonMeasurement> read_python_line(std::string_view line, std::size_t count);

/// How long python3 may take when the slowest of our own ways took `ours`.
Duration python_limit(Duration ours) noexcept;

/// There is no `python3`.
class NoPython : public Error {
  public:
    using Error::Error;
};

/// Does `work`, which outlives the task, in a new process of the `python3` that is there. Throws `Error` that says why
/// there is no measurement: `NoPython`; or it failed, what it printed is none, or it took longer than `limit`.
Task<PythonMeasurement> measure_python(const JobWork& work, Way way, Duration limit);

}  // namespace plait::compare
