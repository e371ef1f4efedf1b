#pragma once

#include "plait/http/message/headers.hpp"
#include "plait/http/proxy/proxy.hpp"

#include <string>
#include <string_view>

namespace plait::http::internal {

/// Why a proxy answers 407, and what helps: `challenge` is its `Proxy-Authenticate`, or the first of them.
std::string refusal_of_login(const Proxy& proxy, std::string_view challenge);
std::string refusal_of_login(const Proxy& proxy, const Headers& headers);

}  // namespace plait::http::internal
