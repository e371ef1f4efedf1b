#pragma once

#include "plait/http/message/headers.hpp"
#include "plait/policy/pace/limit_notice.hpp"

#include <cstddef>
#include <vector>

namespace plait::http::internal {

/// Reads `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers, 7 to 11). The first says what is
/// left of a policy, the second what the policy is:
///
///     RateLimit-Policy: "burst";q=100;w=60, "daily";q=1000;w=86400
///     RateLimit: "daily";r=7;t=3600
///
/// At most `most` items of each field are read.
std::vector<policy::LimitNotice> read_standard_limit_fields(const Headers& headers, std::size_t most);

}  // namespace plait::http::internal
