#pragma once

#include "plait/batch/status/run_report_text.hpp"

#include <string>
#include <utility>

namespace plait::batch {

/// What a run has stored of how it stands, and whether it goes on.
class StoredStatus {
  public:
    StoredStatus(std::string json_, Liveness liveness_) : json(std::move(json_)), liveness(liveness_) {}

    std::string json;  ///< as `to_json` wrote it
    Liveness liveness;
};

/// The status of the run that writes these results, from its state file. Throws `Error` that says what to do when there
/// is none.
StoredStatus read_stored_status(const std::string& results_path);

}  // namespace plait::batch
