#pragma once

#include "plait/http/incoming/request_reader.hpp"

#include <string_view>

namespace plait::watch::internal {

/// What a request asks for.
enum class Action { none, page, events, pause, resume, stop };

/// What is done about a request.
struct Route {
    Action action = Action::none;
    int status = 200;            ///< of the answer, if there is no action; 308: to the path with its last slash
    bool has_token = false;      ///< the request showed the token, from this machine
    std::string_view methods{};  ///< for the status 405: those of the path
};

/// Decides about a request. Whoever does not know the token gets nothing, and neither does a page of another site:
///
/// - `Host` must name this machine, with any port: else a name of the attacker may lead here (DNS rebinding). Tunnels
///   such as `ssh -L` change the port.
/// - The path must begin with the token, which is compared in constant time.
/// - HEAD asks for what GET asks for.
/// - What changes the run must be a POST, and if the browser says from which page it comes, from this one.
Route route_of(const http::ReceivedRequest& request, std::string_view token);

}  // namespace plait::watch::internal
