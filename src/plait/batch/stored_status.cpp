#include "plait/batch/stored_status.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/journal.hpp"
#include "plait/batch/results_lock.hpp"
#include "plait/batch/run_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace plait::batch {

StoredStatus read_stored_status(const std::string& results_path) {
    const std::string state = state_path(results_path);
    std::error_code error;
    if (!std::filesystem::exists(state, error)) {
        throw Error(ErrorCode::bad_input,
                    fmt::format("{} has no {} beside it: name the results file of a plait run", results_path, state));
    }
    // First the lock: a run that ends in between has stored its last word by then.
    const Liveness liveness = is_locked_by_run(results_path) ? Liveness::running : Liveness::ended;
    std::string json = read_status(state);
    if (json.empty()) throw Error(ErrorCode::bad_input, fmt::format("{}: its run has not told how it stands", state));
    return StoredStatus(std::move(json), liveness);
}

}  // namespace plait::batch
