#pragma once

#include "plait/batch/call/secrets.hpp"
#include "plait/http/message/url.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace plait::batch::internal {

/// Puts the secrets in the query of `call` back into a redacted URL, which has no braces of its own. Nothing if the URL
/// has another secret. `secrets` null: there are none.
std::optional<std::string> with_secrets(std::string_view redacted, const http::Url& call, const Secrets* secrets);

}  // namespace plait::batch::internal
