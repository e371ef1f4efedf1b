#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/policy/pace/costs.hpp"
#include "plait/policy/pace/limit_notice.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::http {

/// What the header fields of an answer say about the server's limits.
class LimitHeaders {
  public:
    LimitHeaders() noexcept {}

    /// How long to wait, from the arrival of the answer (`Retry-After`, RFC 9110, section 10.2.3, or a field like it).
    std::optional<Duration> retry_after;
    Duration retry_after_grain{};    ///< the unit in which it was written: the true wait is longer by less than this
    std::string retry_after_source;  ///< the name of its header, for people
    /// One for each limit, at most `most_notices`. Resets count from the arrival of the answer.
    std::vector<policy::LimitNotice> notices;
};

/// Further limits in one answer are ignored.
inline constexpr std::size_t most_notices = 16;

/// Reads what an answer that arrived at `now` says about limits, in all dialects that are known:
///
/// - `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10 and -11, and -07 with its other
///   names);
/// - `RateLimit-Limit`, `-Remaining`, `-Reset`, and the same with any prefix, as in `X-RateLimit-Limit`,
///   `X-Rate-Limit-Limit` or `anthropic-ratelimit-requests-limit`; also `-Interval`, and `-Burst-Capacity` with
///   `-Replenish-Rate`. Other words of the name are the window (`minute`, `day`), the unit (`tokens`; any that `costs`
///   names), or else the name of one of several limits on requests (`short`);
/// - `Retry-After`, and the same with more words before or after it.
///
/// Servers write times in many ways (`ResetTime`); the meaning that best fits the other fields of the answer is taken.
/// Two families of fields about the same limit make one notice. The `source` of a notice is the common part of the
/// names of its fields, and so the same in every answer. Nonsense is ignored, field by field. Throws nothing.
LimitHeaders read_limit_headers(const Headers& headers, WallTime now, const policy::Costs& costs = {});

}  // namespace plait::http
