#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/pace/announced_quota.hpp"
#include "plait/policy/pace/costs.hpp"
#include "plait/policy/pace/learnt_pace.hpp"
#include "plait/policy/pace/limit_notice.hpp"
#include "plait/policy/pace/opening.hpp"
#include "plait/policy/pace/rate_limit.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::policy {

/// Why no call may be sent now, in words for people.
class WaitReason {
  public:
    WaitReason() noexcept {}

    std::string limit;        ///< such as `requests=500/m` or `tokens: 0 of 90k left`
    std::string learnt_from;  ///< a header, or `refusals`; empty when the limit was given
    TimePoint until{};        ///< when the next call may be sent, as far as is known

    friend bool operator==(const WaitReason&, const WaitReason&) = default;
};

/// How the servers' limits are followed.
struct ServerLimitsOptions {
    /// The longest requested wait that is obeyed. A group that is asked to wait longer, or that is refused for this
    /// long without a time, is parked.
    Duration max_wait = std::chrono::minutes(10);
    OpeningOptions opening;
    LearntPaceOptions learnt;
};

/// The limits of a group's servers, as far as they are known: decides when a call may be sent. Knows no clock.
///
/// What a server announces in its answers comes first: its quotas (`AnnouncedQuota`), and the waits that it requests
/// when it refuses a call. A refusal that no quota explains teaches a pace (`LearntPace`). So do refusals in a row
/// after the reset of a quota, because they prove the quota wrong. Before anything is known, calls start slowly
/// (`Opening`).
class ServerLimits {
  public:
    explicit ServerLimits(const ServerLimitsOptions& options = {}) noexcept
        : options_(options), opening_(options.opening), learnt_(options.learnt) {}

    /// A call that was sent: lets a later answer tell what the server can have counted.
    class Grant {
      public:
        Grant() noexcept {}

        TimePoint when{};
        std::uint64_t number = 0;                              ///< in the order of sending
        double requests = 0;                                   ///< its cost
        std::vector<std::pair<std::string, double>> others{};  ///< its cost in other units
        bool is_reported = false;                              ///< it was reported as accepted or refused
    };

    /// Returns when a call may be sent if nothing else happens before: `now`, or later, or the end of time when a call
    /// in flight has to end first.
    TimePoint earliest(const Costs& costs, TimePoint now);

    /// Counts a call that is sent now.
    Grant sent(const Costs& costs, TimePoint now);

    /// Takes in what the answer to a call says about a limit.
    void notice(const LimitNotice& notice, const Grant& grant, TimePoint now);
    /// The call was let in, whatever else its answer says.
    void accepted(Grant& grant, TimePoint now);
    /// The call was refused, with or without a time to wait. Call it after `notice`. `source` is for people.
    void refused(std::optional<Duration> wait, std::string_view source, Grant& grant, TimePoint now);
    /// The call has ended. Call it once for each, last.
    void ended(Grant& grant, TimePoint now);

    /// Returns until when the group is parked, and why; nullopt when it is not.
    std::optional<WaitReason> parked(TimePoint now) const;

    /// Returns what the last `earliest` waits for; nullopt if it was not later than its `now`.
    std::optional<WaitReason> reason() const;

    /// The pace learnt from refusals.
    std::optional<RateLimit> learnt_pace() const { return learnt_.limit(); }

    /// The known quotas.
    std::vector<LimitNotice> quotas(TimePoint now) const;

  private:
    enum class Because { nothing, opening, asked, learnt, quota };

    AnnouncedQuota& quota_of(const LimitNotice& notice);
    double in_flight(std::string_view unit) const noexcept;
    static double cost_of(const Grant& grant, std::string_view unit) noexcept;
    void park(TimePoint until, std::string limit, std::string_view source);
    void park_if_silent(TimePoint now);

    ServerLimitsOptions options_;
    Opening opening_;
    LearntPace learnt_;
    std::vector<AnnouncedQuota> quotas_;

    std::uint64_t last_number_ = 0;
    double requests_ = 0;  // all that were ever sent
    double requests_in_flight_ = 0;
    std::vector<std::pair<std::string, double>> others_in_flight_;

    TimePoint asked_until_ = TimePoint::min();
    std::string asked_by_;
    int explained_in_a_row_ = 0;  // refusals in a row that quotas explain
    std::uint64_t last_explained_ = 0;
    TimePoint parked_until_ = TimePoint::min();
    WaitReason parked_;

    Because because_ = Because::nothing;
    std::size_t because_quota_ = 0;
    TimePoint because_until_{};
};

}  // namespace plait::policy
