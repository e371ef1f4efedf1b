#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/limit_headers/internal/limit_field.hpp"
#include "plait/http/limit_headers/reset_time.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/policy/pace/costs.hpp"
#include "plait/policy/pace/limit_notice.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace plait::http::internal {

/// `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`, and all fields named like them, sorted into limits.
///
/// They are read first and interpreted later, because the meaning of a time depends on the other fields of the answer.
class NamedLimitFields {
  public:
    /// Reads the fields of an answer that was sent at `sent_at` on the server's clock; at most `most` limits.
    NamedLimitFields(const Headers& headers, WallTime sent_at, const policy::Costs& costs, std::size_t most);

    std::optional<Duration> longest_window() const;

    /// The longest of the resets that have exactly one meaning.
    std::optional<ParsedWait> certain_reset() const;

    /// Returns the limits. A reset is read in the light of the limit's own window, or else `window`, and of the wait
    /// that the answer asks for.
    std::vector<policy::LimitNotice> notices(std::optional<Duration> window, const std::optional<ParsedWait>& wait);

  private:
    struct Limit {
        explicit Limit(const LimitField& field_);

        LimitField field;
        policy::LimitNotice notice;
        std::optional<ResetTime> reset;
        bool counts_from_now = false;  ///< the reset, so that no clock can be wrong about it
        std::optional<double> refill_once;
        std::optional<double> request_cost;
    };

    Limit* limit_of(const LimitField& field);
    void take(const LimitField& field, std::string_view value);
    void take_reset(Limit& limit, const LimitField& field, std::string_view value) const;
    static void settle_amounts(Limit& limit);

    WallTime sent_at_;
    std::size_t most_;
    std::vector<Limit> limits_;
};

}  // namespace plait::http::internal
