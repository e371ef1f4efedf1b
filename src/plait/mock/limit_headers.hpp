#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::mock {

/// How the end of a wait is written.
enum class ResetForm : std::uint8_t {
    seconds,   ///< `30`, from now
    date,      ///< `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7)
    epoch,     ///< seconds since 1970
    epoch_ms,  ///< milliseconds since 1970
    duration,  ///< `6m0s`, `1.5s` or `120ms`, from now
};

/// A family of header fields in which servers tell their limits.
enum class LimitFields : std::uint8_t {
    retry_after,           ///< `Retry-After`, on refusals alone
    draft,                 ///< `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10 and -11)
    ratelimit,             ///< `RateLimit-Limit`, `-Remaining`, `-Reset`, as older drafts had them
    x_ratelimit,           ///< `X-RateLimit-Limit`, `-Remaining`, `-Reset`
    x_rate_limit,          ///< `X-Rate-Limit-Limit`, `-Remaining`, `-Reset`
    x_ratelimit_requests,  ///< `X-RateLimit-Limit-Requests`, `-Remaining-Requests`, `-Reset-Requests`
};

/// A way to tell limits: a family of header fields, and the form of the reset in it.
struct LimitDialect {
    /// Such as `x-ratelimit` or `x-ratelimit:epoch-ms`; empty when it is none. The reset is in seconds unless it says.
    static std::optional<LimitDialect> named(std::string_view name);

    /// The names of families and forms, in one sentence.
    static std::string names();

    friend bool operator==(const LimitDialect&, const LimitDialect&) = default;

    LimitFields fields = LimitFields::retry_after;
    ResetForm reset = ResetForm::seconds;
};

/// Dialects behind commas; `none` alone is no dialect. Throws `Error(bad_input)` that says what there is.
std::vector<LimitDialect> parse_dialects(std::string_view text);

/// An untruth in limit headers.
class Lie {
  public:
    enum class Kind : std::uint8_t {
        full,      ///< all of the limit remains
        used_up,   ///< nothing remains
        past,      ///< the reset was an hour ago
        garbage,   ///< words where numbers belong
        negative,  ///< every number is below zero
        huge,      ///< every number has 21 digits
    };

    Lie(Kind kind) noexcept : kind_(kind) {}
    static std::optional<Lie> named(std::string_view name);
    static std::string names();

    Kind kind() const noexcept { return kind_; }
    friend bool operator==(const Lie&, const Lie&) = default;

  private:
    Kind kind_;
};

}  // namespace plait::mock
