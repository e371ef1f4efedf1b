#pragma once

#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/policy/pace/costs.hpp"
#include "plait/policy/pace/internal/waiting_line.hpp"
#include "plait/policy/pace/limit_log.hpp"
#include "plait/policy/pace/limit_notice.hpp"
#include "plait/policy/pace/rate_limit.hpp"
#include "plait/policy/pace/server_limits.hpp"
#include "plait/policy/pace/sliding_window.hpp"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::policy {

/// Options of a pace.
class PaceOptions {
  public:
    PaceOptions() noexcept {}

    std::vector<RateLimit> limits;  ///< the given limits; several may count the same unit
    std::shared_ptr<LimitLog> log;  ///< records what is sent under the given limits; null: nothing is recorded
    ServerLimitsOptions server;
};

/// A slot that a call holds while it waits for the pace. Its limit may be lowered meanwhile.
class HeldSlot {
  public:
    /// Whether the call may be sent within the limit as it is now.
    virtual bool may_begin() const noexcept = 0;
    /// The call is sent now.
    virtual void begin() noexcept = 0;

    /// Takes what else the call needs, and only when it is sent, so that it holds none of it while it waits. False: it
    /// is not free.
    virtual bool take_rest() noexcept { return true; }
    /// The call has to wait: gives that back, if it has it.
    virtual void give_back_rest() noexcept {}

  protected:
    ~HeldSlot() = default;
};

/// Sends the calls of a group no faster than its rate limits allow: the given ones, and those that its servers announce
/// or enforce.
///
///     auto permit = co_await pace.enter(costs);          // waits; nullopt: the group is parked
///     auto answer = co_await send(request);
///     if (was_refused(answer)) pace.refused(*permit, answer.retry_after, "retry-after");
///     pace.settle(*permit, actual_costs);                // once they are known
///
/// In any window, no more is sent than each given limit allows. Sends are spaced evenly, with bursts of at most one
/// second's worth. The highest priority goes first, then the oldest. A call that has to wait for one limit also holds
/// up those behind it, so that none starves. A cancelled caller leaves the queue. Belongs to one loop.
class Pace {
  public:
    /// `slots`, which outlives this, bounds the calls in flight of all groups; null: no bound. A call holds a slot from
    /// when it is sent until its permit ends. Only the head of the queue waits for a slot, and takes it at the moment
    /// it may be sent, so a throttled group never ties up slots that other groups could use.
    explicit Pace(PaceOptions options = {}, Semaphore* slots = nullptr);
    Pace(const Pace&) = delete;
    Pace& operator=(const Pace&) = delete;

    /// The right to send one call, and what is reserved for it. Hold it until the call has ended. The pace outlives it.
    class Permit {
      public:
        Permit(Permit&& other) noexcept
            : pace_(std::exchange(other.pace_, nullptr)),
              grant_(std::move(other.grant_)),
              shares_(std::move(other.shares_)),
              slot_(std::move(other.slot_)) {}
        Permit& operator=(Permit&& other) noexcept {
            std::swap(pace_, other.pace_);
            std::swap(grant_, other.grant_);
            std::swap(shares_, other.shares_);
            std::swap(slot_, other.slot_);
            return *this;
        }
        ~Permit() {
            if (pace_) pace_->ended(*this);
        }

        TimePoint sent_at() const noexcept { return grant_.when; }

      private:
        friend class Pace;
        struct Share {
            SlidingWindow::Moment moment;
            double reserved;
        };
        explicit Permit(Pace& pace) noexcept : pace_(&pace) {}
        Pace* pace_;
        ServerLimits::Grant grant_;
        std::vector<Share> shares_;  // one per given limit
        std::optional<Semaphore::Permit> slot_;
    };

    /// Waits until a call of these costs may be sent, and counts it. Returns nullopt when the group is parked, or gets
    /// parked while the call waits.
    ///
    /// A call that does not state its cost in a limit's unit is assumed to cost the average of the settled ones; before
    /// any is settled, one second's share of the limit. Throws `Error(bad_input)` for a cost above a whole given limit,
    /// because such a call could never be sent, and whatever the log throws.
    ///
    /// `held`: a slot that the call holds, and that outlives the wait. Then the call also waits until it may begin, and
    /// begins. If the rest is not free when its turn comes (`take_rest`), the turn goes to the next in the queue, and
    /// this returns nullopt.
    Task<std::optional<Permit>> enter(Costs costs = {}, int priority = 0, HeldSlot* held = nullptr);

    /// The same without waiting. Returns nullopt when the call can't be sent at once, or others wait.
    std::optional<Permit> try_enter(const Costs& costs, HeldSlot* held = nullptr);

    /// Corrects the reserved costs to the actual ones, for the units in `actual`: returns what was reserved too much,
    /// and counts now what it cost more. Call it once for each permit and unit.
    void settle(Permit& permit, const Costs& actual);
    /// The same for a call that says nothing about what others cost, such as one that was only redirected.
    void settle_apart(Permit& permit, const Costs& actual);
    /// The call was surely not sent: nothing of it counts.
    void take_back(Permit& permit);

    /// Takes in what the answer to a call says about a limit.
    void noticed(const Permit& permit, const LimitNotice& notice);

    /// The server's limits let the call in, whatever else the answer says.
    void accepted(Permit& permit);

    /// A limit refused the call. Call it after `noticed`. `wait` is the wait that the server asked for, `source` where
    /// it did: a header, or a status. All calls of the group wait, and one of them probes.
    void refused(Permit& permit, std::optional<Duration> wait, std::string_view source);

    /// Returns why the group is parked, and until when; nullopt when it is not.
    std::optional<WaitReason> parked() const { return server_.parked(now()); }

    /// Returns why the head of the queue waits; nullopt when the queue is empty, or no limit holds it.
    std::optional<WaitReason> waits_for() const;

    /// Calls that wait.
    std::size_t waiting() const noexcept { return line_.size(); }

    /// What was learnt about the servers' limits: quotas, and a pace from refusals.
    const ServerLimits& server_limits() const noexcept { return server_; }

  private:
    struct GivenLimit {
        GivenLimit(const RateLimit& limit, std::shared_ptr<LimitLog> log_);
        SlidingWindow window;
        std::shared_ptr<LimitLog> log;
        double settled_sum = 0;
        double settled_count = 0;

        double cost_of(const Costs& costs) const noexcept;
        SlidingWindow::Moment take(double cost);
        void settle(SlidingWindow::Moment moment, double reserved, double actual);
        void learn(double cost) noexcept;
        void remember(SlidingWindow::Moment moment);
    };

    class Waiter;

    void check(const Costs& costs) const;
    void serve_line();
    TimePoint earliest(const Costs& costs);
    Permit sent(const Costs& costs, std::optional<Semaphore::Permit> slot);
    void settle(Permit& permit, const Costs& actual, bool is_typical);
    void ended(Permit& permit) noexcept;

    Semaphore* slots_;
    std::vector<GivenLimit> given_;
    ServerLimits server_;
    internal::WaitingLine line_;
    const GivenLimit* held_by_ = nullptr;  // the given limit that the head of the queue waits for; null: a server's
    TimePoint held_until_{};
};

}  // namespace plait::policy
