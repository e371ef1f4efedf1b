#pragma once

#include "plait/convert/request/request.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace plait::convert::internal {

/// Adds what an API client sends for a login of this type: `bearer` (with `token`), `basic` (`username`, `password`),
/// `apikey` (`key`, `value`, and a place), or `oauth2` with a token that it has already. `value_of` returns the
/// login's settings, empty without one.
///
/// Throws `Error(bad_input)` for logins that are computed for each request, or asked of a server.
void add_login(Request& request, std::string_view type,
               const std::function<std::string(std::string_view name)>& value_of);

/// The media type that clients guess from a file's name; empty: none.
std::string media_type_of(std::string_view file);

/// Appends `text`, which is encoded already, to the query of the request's URL.
void append_query(Request& request, std::string_view text);

}  // namespace plait::convert::internal
