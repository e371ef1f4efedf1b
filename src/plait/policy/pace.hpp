#pragma once

#include "plait/async/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/policy/costs.hpp"
#include "plait/policy/internal/waiting_line.hpp"
#include "plait/policy/limit_log.hpp"
#include "plait/policy/limit_notice.hpp"
#include "plait/policy/rate_limit.hpp"
#include "plait/policy/server_limits.hpp"
#include "plait/policy/sliding_window.hpp"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::policy {

/// What a pace is made with.
class PaceOptions {
  public:
    PaceOptions() noexcept {}

    std::vector<RateLimit> limits;  ///< those that were given; several may count the same unit
    std::shared_ptr<LimitLog> log;  ///< of what leaves under those; null: nothing is remembered
    ServerLimitsOptions server;
};

/// Lets the calls of a group leave no faster than its limits allow: those that were given, and those that its servers
/// tell.
///
///     auto pass = co_await pace.enter(costs);          // waits for its turn; nothing: the group is parked
///     auto answer = co_await send(request);
///     if (was_refused(answer)) pace.refused(*pass, answer.retry_after, "retry-after");
///     pace.settle(*pass, actual_costs);                // when they are known
///
/// Of each given limit never more than its amount leaves in any window of its length, spread evenly with at most a
/// second's burst. The highest priority leaves first, then the one that came first; a call that has to wait for one
/// limit makes those behind it wait, so that none waits for ever. A cancelled caller leaves the line. Belongs to one
/// loop.
class Pace {
  public:
    /// `places` outlives this: what each call holds from its leaving to the end of its pass, if
    /// there are only so many in all. Only the first in line waits for one, and it leaves when it has one and may: so a
    /// group that waits keeps none from the others.
    explicit Pace(PaceOptions options = {}, Semaphore* places = nullptr);
    Pace(const Pace&) = delete;
    Pace& operator=(const Pace&) = delete;

    /// That a call left, and what was reserved for it. Held until the call has ended; the pace outlives it.
    class Pass {
      public:
        Pass(Pass&& other) noexcept
            : pace_(std::exchange(other.pace_, nullptr)),
              grant_(std::move(other.grant_)),
              shares_(std::move(other.shares_)),
              place_(std::move(other.place_)) {}
        Pass& operator=(Pass&& other) noexcept {
            std::swap(pace_, other.pace_);
            std::swap(grant_, other.grant_);
            std::swap(shares_, other.shares_);
            std::swap(place_, other.place_);
            return *this;
        }
        ~Pass() {
            if (pace_) pace_->ended(*this);
        }

        TimePoint left_at() const noexcept { return grant_.when; }

      private:
        friend class Pace;
        struct Share {
            SlidingWindow::Moment moment;
            double reserved;
        };
        explicit Pass(Pace& pace) noexcept : pace_(&pace) {}
        Pace* pace_;
        ServerLimits::Grant grant_;
        std::vector<Share> shares_;  // one for each given limit
        std::optional<Semaphore::Permit> place_;
    };

    /// Waits until a call of these costs may leave, and counts it. Nothing when the group is parked; who waits
    /// meanwhile comes out with nothing too.
    ///
    /// A call that does not say what it costs of a limit's unit is taken to cost what the settled ones did on average;
    /// before one is settled, a second's share of the limit. Throws `Error(bad_input)` for a cost that is above a whole
    /// given limit, because it could never leave; and what the log throws.
    Task<std::optional<Pass>> enter(Costs costs = {}, int priority = 0);

    /// The same without waiting: nothing when it can't leave at once, or others wait.
    std::optional<Pass> try_enter(const Costs& costs);

    /// What a call really cost, for the units that are named. What was reserved too much is given back; what it cost
    /// more is counted now. Once for each pass and unit.
    void settle(Pass& pass, const Costs& actual);

    /// The answer to a call says this of a limit.
    void noticed(const Pass& pass, const LimitNotice& notice);

    /// A call was let in by the limits of its server, whatever else its answer says.
    void accepted(Pass& pass);

    /// A call was refused by a limit, after what its answer told of limits was noticed. `wait`: that the server asked
    /// for. All calls of the group wait, and one tries whether more are accepted. `source` says what told it: a header,
    /// or a status.
    void refused(Pass& pass, std::optional<Duration> wait, std::string_view source);

    /// Why the group is parked, and until when; nothing when it is not.
    std::optional<WaitReason> parked() const { return server_.parked(now()); }

    /// Why the first in line waits; nothing when nobody does.
    std::optional<WaitReason> waits_for() const;

    /// How many wait.
    std::size_t waiting() const noexcept { return line_.size(); }

    /// The limits that were learnt: quotas, and the pace of refusals.
    const ServerLimits& server_limits() const noexcept { return server_; }

  private:
    struct Given {
        Given(const RateLimit& limit, std::shared_ptr<LimitLog> log_);
        SlidingWindow window;
        std::shared_ptr<LimitLog> log;
        double settled_sum = 0;
        double settled_count = 0;

        double cost_of(const Costs& costs) const noexcept;
        SlidingWindow::Moment take(double cost);
        void settle(SlidingWindow::Moment moment, double reserved, double actual);
        void remember(SlidingWindow::Moment moment);
    };

    void check(const Costs& costs) const;
    TimePoint earliest(const Costs& costs);
    Pass leave(const Costs& costs, std::optional<Semaphore::Permit> place);
    void ended(Pass& pass) noexcept;

    Semaphore* places_;
    std::vector<Given> given_;
    ServerLimits server_;
    internal::WaitingLine line_;
    const Given* held_by_ = nullptr;  // the given limit that the first in line waits for; null: the servers'
    TimePoint held_until_{};
};

}  // namespace plait::policy
