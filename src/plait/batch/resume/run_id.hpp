#pragma once

#include <string>

namespace plait::batch {

/// Returns 32 random hexadecimal digits, which no other run has.
std::string random_run_id();

}  // namespace plait::batch
