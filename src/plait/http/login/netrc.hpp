#pragma once

#include "plait/http/login/credentials.hpp"

#include <string_view>

namespace plait::http {

/// Adds the entries of a netrc file, as ftp(1) and curl read it, to `table`: `machine HOST login USER password TEXT`,
/// and `default` for all other hosts. A value may be quoted, with `\"` and `\\` inside. `account` and macros (`macdef`)
/// are skipped, and so is the rest of a line behind `#`. An entry without a login or a password is ignored.
///
/// Throws `Error(bad_input)`, with the number of the line and never with a value, for a word that is none of these.
void add_netrc(CredentialTable& table, std::string_view text);

}  // namespace plait::http
