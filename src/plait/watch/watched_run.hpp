#pragma once

#include "plait/batch/status/run_report.hpp"

#include <functional>
#include <string>

namespace plait::watch {

/// The run that a page shows. All functions are called in the loop of the run, and return at once.
class WatchedRun {
  public:
    WatchedRun() {}

    std::string name;  ///< for people, such as the name of the results
    std::function<batch::RunReport()> report;
    std::function<void()> pause;
    std::function<void()> resume;
    std::function<void()> stop;  ///< as the first Ctrl-C
};

}  // namespace plait::watch
