#pragma once

#include "plait/http/message/headers.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// Returns the target of the first link with this relation in the `Link` fields (RFC 8288), as it was written; nothing
/// if there is none. Relations are compared without case, and a link may have several.
///
///     link_target(response.headers, "next");  // of </items?page=2>; rel="next", </items?page=9>; rel="last"
std::optional<std::string> link_target(const http::Headers& headers, std::string_view relation);

}  // namespace plait::batch
