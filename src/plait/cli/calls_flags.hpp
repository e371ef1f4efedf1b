#pragma once

#include "plait/batch/run_options.hpp"
#include "plait/cli/flag.hpp"

#include <string>
#include <vector>

namespace plait::cli {

/// How calls are paced, retried and stopped, as the flags say it.
class CallsSettings {
  public:
    CallsSettings() {}

    batch::RunOptions run;
    std::string cost_from;  ///< empty: lines say what they cost
};

/// The flags that make the settings, which outlive them.
std::vector<Flag> calls_flags(CallsSettings& settings);

/// Reads `--cost-from`, whose unit depends on the other flags, into the options. Throws `Error(bad_input)`.
void read_cost_from(CallsSettings& settings);

}  // namespace plait::cli
