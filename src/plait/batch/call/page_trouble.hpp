#pragma once

#include "plait/batch/call/call.hpp"

#include <string>

namespace plait::batch {

/// Why the pages of a call can't be fetched or told apart, whatever the answers are; empty: they can, or it has none.
/// `usual`: the rule of calls that have none; null: there is none. `each_page`: each page has a result of its own.
std::string page_trouble(const Call& call, const FollowRule* usual, bool each_page);

}  // namespace plait::batch
