#pragma once

#include "plait/async/task.hpp"
#include "plait/compare/measurement.hpp"
#include "plait/compare/work.hpp"
#include "plait/workers/process_pool.hpp"

#include <string>

namespace plait::compare {

/// Does work in a process of its own, so that CPU time and memory are those of this work alone. There is one at a time
/// in a program.
class MeasuringProcess {
  public:
    /// The processes are copies of this one as it is now, `work` included, which outlives them. Throws Error when this
    /// process has more than one thread.
    explicit MeasuringProcess(const Work& work);
    MeasuringProcess(const MeasuringProcess&) = delete;
    MeasuringProcess& operator=(const MeasuringProcess&) = delete;
    ~MeasuringProcess();

    /// Calls `Work::measure` in a new process. Returns its value or throws what it threw; throws `WorkerDied` when the
    /// process ends before. A cancellation kills the process and all that it started.
    Task<Measurement> measure(const Way& way, std::string trace_path);

  private:
    static Measurement measure_here(std::string method, std::size_t concurrency, bool finds_itself,
                                    std::string trace_path);

    ProcessPool pool_;
};

}  // namespace plait::compare
