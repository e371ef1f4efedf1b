#pragma once

#include "plait/batch/run_options.hpp"
#include "plait/cli/flags/flag.hpp"
#include "plait/http/redirects.hpp"

#include <string>
#include <vector>

namespace plait::cli {

/// The flags' settings for limits, retries and stopping.
class CallsSettings {
  public:
    CallsSettings() {}

    batch::RunOptions run;
    std::string cost_from;  ///< empty: only lines state costs
};

/// The flags that change `settings`, which outlives them.
std::vector<Flag> calls_flags(CallsSettings& settings);

/// The flags about pages and jobs, for a command that sends nothing: they are only checked.
std::vector<Flag> follow_check_flags(CallsSettings& settings);

/// Throws `Error(bad_input)` for flags about pages that nothing can follow: lines of a file may have rules of their
/// own, and so may rows; URLs have none.
void check_page_flags(const batch::RunOptions& run, const std::vector<std::string>& inputs, bool has_rows);

/// The flags that say which redirects are followed.
std::vector<Flag> redirect_flags(http::RedirectOptions& redirects);

/// Reads `--cost-from`, whose unit depends on the other flags, into the options. Throws `Error(bad_input)`.
void read_cost_from(CallsSettings& settings);

}  // namespace plait::cli
