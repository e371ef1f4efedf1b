#include "plait/batch/status/stored_status.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/output/results_lock.hpp"
#include "plait/batch/resume/journal.hpp"
#include "plait/batch/resume/run_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace plait::batch {

StoredStatus read_stored_status(const std::string& results_path) {
    const std::string state = state_path(results_path);
    std::error_code error;
    if (!std::filesystem::exists(state, error)) {
        throw Error(
            ErrorCode::bad_input,
            fmt::format("{} has no {} beside it: give the results file of a run (plait run -o)", results_path, state));
    }
    // Before the status is read: a run that ends in between has then stored its last report.
    const Liveness liveness = is_locked_by_run(results_path) ? Liveness::running : Liveness::ended;
    std::string status = read_status(state);
    if (status.empty()) throw Error(ErrorCode::bad_input, fmt::format("{} has no status yet", state));
    return StoredStatus(std::move(status), liveness);
}

}  // namespace plait::batch
