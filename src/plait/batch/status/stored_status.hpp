#pragma once

#include "plait/batch/status/run_report_text.hpp"

#include <string>
#include <utility>

namespace plait::batch {

/// The last report of a run in its state file, and whether the run is still running.
class StoredStatus {
  public:
    StoredStatus(std::string json_, Liveness liveness_) : json(std::move(json_)), liveness(liveness_) {}

    std::string json;  ///< the output of `to_json`
    Liveness liveness;
};

/// Reads the status of the run that writes these results from its state file. Throws `Error` that says what to do if
/// there is none.
StoredStatus read_stored_status(const std::string& results_path);

}  // namespace plait::batch
