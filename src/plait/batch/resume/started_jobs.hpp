#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace plait::batch {

/// Returns where the jobs can be asked for that the lines of a run have started, from its state file: those that
/// `Journal::record_poll` stored. Throws as `Journal` does.
std::map<std::uint64_t, std::string> started_jobs(const std::string& state_path);

}  // namespace plait::batch
