#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/source.hpp"
#include "plait/batch/run/runner.hpp"
#include "plait/batch/status/run_report.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace plait::batch {

/// Makes reports of a run. In a running loop.
class RunMonitor {
  public:
    /// The recent rate is measured over this window.
    static constexpr Duration lately = std::chrono::seconds(10);

    /// The first three outlive it. `page_url`: where a page shows the run; empty: nowhere.
    RunMonitor(const Runner& runner, Source& source, const WallClock& calendar, std::string page_url = {});

    RunReport report();

    /// The report of a run that has ended.
    RunReport last_report(RunEnd end);

  private:
    const Runner& runner_;
    Source& source_;
    const WallClock& calendar_;
    const std::string page_url_;
    WallTime began_;
    std::deque<std::pair<TimePoint, std::uint64_t>> done_lately_;
};

}  // namespace plait::batch
