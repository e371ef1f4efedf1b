#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/headers.hpp"
#include "plait/policy/limit_notice.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace plait::http {

/// What the header fields of an answer say about the server's limits.
class LimitHeaders {
  public:
    LimitHeaders() noexcept {}

    /// How long to wait, from now on (`Retry-After`, RFC 9110, section 10.2.3, in seconds or as a date).
    std::optional<Duration> retry_after;
    /// One for each limit, at most `most_notices`; the reset is told from now on.
    std::vector<policy::LimitNotice> notices;
};

/// Limits beyond these of one answer are ignored.
inline constexpr std::size_t most_notices = 16;

/// The header that asks for a wait, for people.
inline constexpr std::string_view retry_after_name = "retry-after";

/// Reads what an answer that came at `now` says about limits, in all dialects that are known:
///
/// - `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10 and -11, and -07 with its other
/// names);
/// - `RateLimit-Limit`, `-Remaining`, `-Reset`, and the same with any prefix, as in `X-RateLimit-Limit`,
///   `X-Rate-Limit-Limit` or `anthropic-ratelimit-requests-limit`. Other words of the name are the unit (`tokens`), or
///   the window (`minute`, `day`).
///
/// A reset is a number of seconds, a time since 1970 in seconds or milliseconds, a date, or a duration such as `6m0s`.
/// Times of day are compared with the answer's own `Date`, if our clock differs from the server's. Nonsense is ignored,
/// field by field.
LimitHeaders read_limit_headers(const Headers& headers, WallTime now);

}  // namespace plait::http
