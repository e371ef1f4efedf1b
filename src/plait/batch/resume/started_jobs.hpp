#pragma once

#include "plait/batch/resume/settings.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// Returns the poll URLs of the jobs that lines of a run have started, by line, from the state file: those that
/// `Journal::record_poll` stored. Throws as `Journal` does.
std::map<std::uint64_t, std::string> started_jobs(const std::string& state_path);

/// Returns a request line that asks for the job at `poll_url` instead of starting another one: a GET with the id, the
/// headers and the rules of `line`, which has started it. `settings`: those of its run. Nothing if the URL names a
/// secret or has another origin, to which the headers must not go, or if `line` does not follow a job.
std::optional<std::string> line_to_take_up(std::string_view line, std::string_view poll_url, const Settings& settings);

}  // namespace plait::batch
