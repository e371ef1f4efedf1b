#pragma once

#include "plait/http/cookies/cookie_jar.hpp"

#include <string>
#include <string_view>

namespace plait::http {

/// Returns the cookies in the format of Netscape's cookies.txt, which browsers' extensions, curl and Python's
/// MozillaCookieJar read and write. It marks cookies that scripts must not see as curl does (`#HttpOnly_`).
std::string to_netscape(const CookieJar& jar);

/// Puts the cookies of such a text into the jar. Those that have expired are left out; those without an expiry, with 0,
/// are taken as valid. Throws `Error(bad_input)`, which names the first line that is no cookie.
void read_netscape(std::string_view text, CookieJar& jar);

}  // namespace plait::http
