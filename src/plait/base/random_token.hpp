#pragma once

#include <string>

namespace plait {

/// Returns 128 random bits of the system as 32 hexadecimal digits: nobody can guess them. Throws `Error(storage)` when
/// the system has none.
std::string random_token();

}  // namespace plait
