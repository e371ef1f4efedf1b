#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/caller/caller_options.hpp"
#include "plait/batch/group/group.hpp"
#include "plait/policy/retry.hpp"

#include <cstddef>

namespace plait::batch::internal {

// The options of the parts of a caller, out of its own.

/// Returns the options of a group. `slots`: calls in flight in all.
GroupOptions group_options(const CallerOptions& options, std::size_t slots);

/// Returns how long what was learnt of a group is kept after its last use: at least as long as a limit counts.
Duration group_memory(const CallerOptions& options);

/// Returns the retries of a call with these rules.
policy::RetryOptions retry_options(const CallerOptions& options, const CallRules& rules);

/// Whether a call with these rules is sent only once, whatever comes of it.
inline bool is_once(const CallerOptions& options, const CallRules& rules) noexcept {
    return options.once || !rules.may_repeat;
}

}  // namespace plait::batch::internal
