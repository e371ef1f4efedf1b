#pragma once

#include "plait/batch/attempt/attempt.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/session.hpp"

#include <string>
#include <string_view>

// Requests, attempts and settings on their way between machines: bounded, and of one protocol number
// (`cluster::protocol_number`). Readers throw `Error(protocol)`, or `Error(bad_input)` for a value that is none.
namespace plait::batch::internal {

/// A request with all that the session would add to it, and with its files read, because a worker has neither. Throws
/// `Error(bad_input)` when a file can't be read or all is too large.
http::Request self_contained(const http::Request& request, const http::SessionOptions& session);

std::string request_text(const http::Request& request);
http::Request read_request(std::string_view text);

std::string attempt_text(const Attempt& attempt);
Attempt read_attempt(std::string_view text);

/// The settings of a session that decide what an answer is: time limits, bounds, decoding, the version of HTTP. How a
/// server is reached is the worker's own matter: proxies, certificates, addresses.
std::string terms_text(const http::SessionOptions& session);
/// Changes `session` to these settings.
void apply_terms(http::SessionOptions& session, std::string_view text);

}  // namespace plait::batch::internal
