#include "plait/batch/method/open_trace.hpp"

#include "plait/base/clock.hpp"

#include <fmt/chrono.h>

#include <chrono>
#include <utility>

namespace plait::batch {

std::unique_ptr<trace::TraceFile> open_trace(const std::string& path, bool overwrite, std::string command,
                                             const MethodEntry& method, std::size_t concurrency,
                                             trace::TraceFile::OnTrouble on_trouble) {
    const TimePoint start = SteadyClock::instance().now();
    const auto date = epoch_of_steady_clock() + start.time_since_epoch();
    trace::TraceHead head;
    head.command = std::move(command);
    head.method = method.name;
    head.workers = method.scheduling == Scheduling::operating_system ? concurrency : 1;
    head.concurrency = method.scheduling == Scheduling::nobody ? 1 : concurrency;
    head.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(date)));
    head.lanes = method.lanes;
    return trace::TraceFile::create(path, overwrite, std::move(head), start, std::move(on_trouble));
}

}  // namespace plait::batch
