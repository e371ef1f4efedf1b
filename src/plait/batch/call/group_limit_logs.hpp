#pragma once

#include "plait/policy/pace/limit_log.hpp"

#include <memory>
#include <string_view>

namespace plait::batch {

/// Opens the limit log of each group, so that a resumed run keeps to the given limits.
class GroupLimitLogs {
  public:
    virtual ~GroupLimitLogs() = default;

    /// Returns the log of the group `name`. This object outlives it. Throws `Error(storage)`.
    virtual std::unique_ptr<policy::LimitLog> of_group(std::string_view name) = 0;
};

}  // namespace plait::batch
