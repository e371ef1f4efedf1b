#pragma once

#include "plait/compare/measure/measurement.hpp"

#include <cstddef>
#include <string>

namespace plait::compare {

/// The work that is done in each way.
class Work {
  public:
    virtual ~Work() = default;

    /// `calls`, or the name of a job.
    virtual std::string name() const = 0;
    /// The number of calls or jobs.
    virtual std::size_t size() const noexcept = 0;

    /// Does all of the work in this process, which has one thread, has done nothing else, and does nothing afterwards.
    /// Writes a trace to `trace_path` unless it is empty. Throws `Error`.
    virtual Measurement measure(const Way& way, const std::string& trace_path) const = 0;
};

}  // namespace plait::compare
