#pragma once

#include "plait/async/task.hpp"
#include "plait/compare/measure/measurement.hpp"
#include "plait/compare/measure/work.hpp"
#include "plait/workers/process_pool.hpp"

#include <string>

namespace plait::compare {

/// Does work in a process of its own, so that its CPU time and memory include nothing else. A program has at most one
/// at a time.
class MeasuringProcess {
  public:
    /// The processes are copies of this one at this moment, including `work`, which must outlive them. Throws Error
    /// when this process has more than one thread.
    explicit MeasuringProcess(const Work& work);
    MeasuringProcess(const MeasuringProcess&) = delete;
    MeasuringProcess& operator=(const MeasuringProcess&) = delete;
    ~MeasuringProcess();

    /// Calls `Work::measure` in a new process. Returns its value or throws what it threw; throws `WorkerDied` if the
    /// process ends early. Cancelling kills the process and everything that it started.
    Task<Measurement> measure(const Way& way, std::string trace_path);

  private:
    static Measurement measure_here(std::string method, std::size_t concurrency, bool adaptive, std::string trace_path);

    ProcessPool pool_;
};

}  // namespace plait::compare
