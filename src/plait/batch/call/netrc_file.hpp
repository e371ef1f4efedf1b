#pragma once

#include "plait/http/login/credentials.hpp"

#include <string>

namespace plait::batch {

/// Adds the entries of a netrc file to `table` (see `http::add_netrc`). Throws `Error(bad_input)` when it can't be
/// read, has a mistake, or can be read by others than its owner.
void read_netrc(http::CredentialTable& table, const std::string& path);

}  // namespace plait::batch
