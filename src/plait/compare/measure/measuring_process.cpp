#include "plait/compare/measure/measuring_process.hpp"

#include "plait/base/assert.hpp"
#include "plait/batch/method/methods.hpp"

#include <utility>

namespace plait::compare {

namespace {

/// Set before the pool is created, because its processes are copies of this one at that moment.
const Work* work_of_the_process = nullptr;

ProcessPoolOptions pool_options(const Work& work) {
    PLAIT_ASSERT(!work_of_the_process, "one work is measured at a time");
    work_of_the_process = &work;
    ProcessPoolOptions options;
    options.workers = 1;
    options.jobs_per_worker = 1;
    return options;
}

}  // namespace

MeasuringProcess::MeasuringProcess(const Work& work) : pool_(pool_options(work)) {}

MeasuringProcess::~MeasuringProcess() { work_of_the_process = nullptr; }

Task<Measurement> MeasuringProcess::measure(const Way& way, std::string trace_path) {
    return pool_.submit(measure_here, way.method, way.concurrency, way.adaptive, std::move(trace_path));
}

Measurement MeasuringProcess::measure_here(std::string method, std::size_t concurrency, bool adaptive,
                                           std::string trace_path) {
    const batch::MethodEntry* const entry = batch::find_method(method);
    PLAIT_ASSERT(entry, "ways of plait are its methods");
    const Way way("plait", std::move(method), entry->scheduling, concurrency, adaptive);
    return work_of_the_process->measure(way, trace_path);
}

}  // namespace plait::compare
