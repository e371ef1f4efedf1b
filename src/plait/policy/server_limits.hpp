#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/costs.hpp"
#include "plait/policy/learnt_pace.hpp"
#include "plait/policy/limit_notice.hpp"
#include "plait/policy/opening.hpp"
#include "plait/policy/rate_limit.hpp"
#include "plait/policy/told_quota.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::policy {

/// Why no call may leave at the moment, for people.
class WaitReason {
  public:
    WaitReason() noexcept {}

    std::string limit;        ///< which one, such as `requests=500/m` or `tokens: 0 of 90k left`
    std::string learnt_from;  ///< a header, or `refusals`; empty when the limit was given
    TimePoint until{};        ///< when a call will leave, as far as is known

    friend bool operator==(const WaitReason&, const WaitReason&) = default;
};

/// How limits of servers are followed.
struct ServerLimitsOptions {
    /// The longest wait that is obeyed. A group that is asked to wait longer, or is refused for this long without a
    /// time, is parked.
    Duration max_wait = std::chrono::minutes(10);
    OpeningOptions opening;
    LearntPaceOptions learnt;
};

/// The limits of the servers of a group, as far as they are known: when a call may leave. Knows no clock.
///
/// What a server tells in its answers comes first: its quotas (`ToldQuota`), and the waits that it asks for when it
/// refuses a call. A refusal that no quota explains teaches a pace (`LearntPace`); so do refusals in a row after the
/// reset of a quota, which prove it wrong. Before anything is known calls begin gently (`Opening`).
class ServerLimits {
  public:
    explicit ServerLimits(const ServerLimitsOptions& options = {}) noexcept
        : options_(options), opening_(options.opening), learnt_(options.learnt) {}

    /// A call that left: what tells a later answer what the server can have counted.
    class Grant {
      public:
        Grant() noexcept {}

        TimePoint when{};
        std::uint64_t number = 0;                              ///< among all that left
        double requests = 0;                                   ///< that it costs
        std::vector<std::pair<std::string, double>> others{};  ///< the same of other units
        bool is_told = false;                                  ///< it was accepted or refused
    };

    /// When a call may leave, if nothing else does before: `now`, or later, or the end of time when a call in flight
    /// has to end first.
    TimePoint earliest(const Costs& costs, TimePoint now);

    /// A call leaves now.
    Grant leave(const Costs& costs, TimePoint now);

    /// The answer to a call says this of a limit.
    void notice(const LimitNotice& notice, const Grant& grant, TimePoint now);
    /// A call was let in, whatever else its answer says.
    void accepted(Grant& grant, TimePoint now);
    /// A call was refused: asked to wait, or to come less often without a time. After its notices. `source` is for
    /// people.
    void refused(std::optional<Duration> wait, std::string_view source, Grant& grant, TimePoint now);
    /// A call has ended: the last that is told of it, and told of each.
    void ended(Grant& grant, TimePoint now);

    /// Until when the group is parked, because it was asked to wait for longer than it does or was refused for that
    /// long, and why; nothing when it is not.
    std::optional<WaitReason> parked(TimePoint now) const;

    /// What the last `earliest` that was later than its `now` was for.
    WaitReason reason() const;

    /// The pace that was learnt from refusals.
    std::optional<RateLimit> learnt_pace() const { return learnt_.limit(); }

    /// The quotas as they are known.
    std::vector<LimitNotice> quotas(TimePoint now) const;

  private:
    enum class Because { nothing, opening, asked, learnt, quota };

    ToldQuota& quota_of(const LimitNotice& notice);
    double in_flight(std::string_view unit) const noexcept;
    static double cost_of(const Grant& grant, std::string_view unit) noexcept;
    void park(TimePoint until, std::string limit, std::string_view source);
    void park_if_silent(TimePoint now);

    ServerLimitsOptions options_;
    Opening opening_;
    LearntPace learnt_;
    std::vector<ToldQuota> quotas_;

    std::uint64_t last_number_ = 0;
    double requests_ = 0;  // that ever left
    double requests_in_flight_ = 0;
    std::vector<std::pair<std::string, double>> others_in_flight_;

    TimePoint asked_until_ = TimePoint::min();
    std::string asked_by_;
    int explained_in_a_row_ = 0;  // refusals that quotas explain, with none accepted between them
    std::uint64_t last_explained_ = 0;
    TimePoint parked_until_ = TimePoint::min();
    WaitReason parked_;

    Because because_ = Because::nothing;
    std::size_t because_quota_ = 0;
    TimePoint because_until_{};
};

}  // namespace plait::policy
