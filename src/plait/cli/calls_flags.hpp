#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/run/caller.hpp"
#include "plait/cli/flag.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace plait::cli {

/// How calls are paced, repeated and stopped, as flags say it.
class CallsSettings {
  public:
    CallsSettings() {}

    /// Nothing: it finds itself.
    std::optional<std::size_t> concurrency;
    batch::CallerOptions calls;
    std::string auth_command;  ///< empty: none
    std::string cost_from;     ///< empty: lines say what they cost
};

/// The flags that make the settings, which outlive them.
std::vector<Flag> calls_flags(CallsSettings& settings);

/// The options that the settings come to. Throws `Error(bad_input)` when they don't fit together.
batch::CallerOptions caller_options(const CallsSettings& settings);

}  // namespace plait::cli
