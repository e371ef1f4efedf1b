#pragma once

#include <string>
#include <string_view>

namespace plait::report {

/// Returns the page that shows a live run: HTML that needs no other file, and hears of the run from the server-sent
/// events at `events`, beside it (`watch::WatchServer`). `nonce`: what its scripts and styles have, for a
/// Content-Security-Policy; letters and digits.
std::string live_page(std::string_view nonce);

}  // namespace plait::report
