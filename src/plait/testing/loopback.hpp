#pragma once

#include <string>
#include <vector>

namespace plait::testing {

/// Returns the loopback addresses on which this machine can listen: 127.0.0.1, and ::1 where there is IPv6.
std::vector<std::string> loopback_hosts();

}  // namespace plait::testing
