#pragma once

#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/resume/settings.hpp"
#include "plait/batch/rows/row_options.hpp"

#include <string>

namespace plait::batch {

/// Adds the templates to the settings of a run, as they were written: with the names of secrets, not their values.
void add_row_settings(const RowOptions& rows, Settings& settings);

/// Returns what makes the same requests of the rows again, with the names of secrets; `rows` is not given if the input
/// had none. Headers of all requests are not recorded: a type among them is a fixed header without a value, which says
/// that `--header` gives it again.
RequestDefaults row_defaults(const Settings& settings);

/// Returns these defaults from the settings that the run of these results has recorded; empty ones if it has not.
RequestDefaults recorded_row_defaults(const std::string& results_path);

}  // namespace plait::batch
