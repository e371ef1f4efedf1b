#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/policy/internal/waiting_line.hpp"

#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

namespace plait::policy {

/// How a limit of calls in flight finds itself.
struct AdaptiveLimitOptions {
    double first = 8;
    double least = 1;
    double most = 10'000;
    double step = 1;               ///< up, after a clean round
    double overload_factor = 0.5;  ///< down, after a refusal or a sign of overload
    double slow_factor = 0.9;      ///< down, after a clear rise of latency; not below `first`
    double rise = 1.25;            ///< what a clear rise is, noise aside: this many times the least
    /// The least latency is measured anew after the first of these pauses, then after twice as long, up to the longest.
    Duration first_pause = std::chrono::seconds(5);
    Duration longest_pause = std::chrono::minutes(5);
};

/// How a call ended, as far as the server's load goes.
enum class Load {
    fine,        ///< an answer; its latency counts
    overloaded,  ///< a refusal, a time-out, an answer that says so
    unknown      ///< cancelled, not sent, not the server's doing: it counts for nothing
};

/// The decisions of an adaptive limit: how many calls may be in flight, from how the last ones went. Knows no clock.
///
/// Time is divided into rounds: as many calls as are allowed, all of them begun within the round. A round in which the
/// limit was reached and nothing went wrong raises the limit by a step. A refusal or overload halves it at once; a mean
/// latency clearly above the least (by `rise`, and by more than its usual variation) takes a tenth at the end of the
/// round, but never more than was added: of two calls one that waits for the other doubles the latency, and the server
/// is busy as it should be. A call that began before the last cut is no reason for another: never more than one a round
/// trip.
///
/// The least latency is measured anew now and then, because servers change, and because a limit that began too high
/// has never seen it: one round is made with half the calls. If the latency was no clear rise above what is then found,
/// the limit is what it was before.
class AdaptiveLimitState {
  public:
    explicit AdaptiveLimitState(const AdaptiveLimitOptions& options, TimePoint now) noexcept
        : options_(options),
          limit_(options.first),
          round_begin_(now),
          pause_(options.first_pause),
          look_at_(now + options.first_pause) {}

    std::size_t limit() const noexcept { return static_cast<std::size_t>(limit_); }

    /// As many calls are in flight as may be.
    void limit_reached() noexcept { reached_ = true; }

    /// A call that began at `begin` has ended.
    void ended(TimePoint begin, Load load, TimePoint now) noexcept;

  private:
    void end_round(double latency, TimePoint now) noexcept;
    void end_look(double latency) noexcept;
    bool is_clear_rise(double latency) const noexcept;
    void cut(double factor) noexcept;
    void begin_round(TimePoint now) noexcept;

    AdaptiveLimitOptions options_;
    double limit_;
    TimePoint round_begin_;
    bool look_ = false;  // this round is for measuring the least latency
    Duration pause_;
    TimePoint look_at_;
    double limit_before_look_ = 0;
    bool reached_ = false;
    double ended_ = 0;  // calls of this round, and the sum of their latencies in nanoseconds
    double latencies_ = 0;
    double smooth_ = 0;     // the latency of the last rounds; 0: none yet
    double last_ = 0;       // that of the last one
    double variation_ = 0;  // its usual change from one to the next
    double least_ = std::numeric_limits<double>::infinity();
};

/// Lets as many calls be in flight as the server takes well: a semaphore whose size finds itself.
///
/// The highest priority is served first, then who came first. A cancelled waiter leaves the line and takes no permit.
/// When the limit is cut nobody is stopped; permits that come back are kept until it fits. Belongs to one loop.
class AdaptiveLimit {
  public:
    /// In a running loop.
    explicit AdaptiveLimit(const AdaptiveLimitOptions& options = {});
    AdaptiveLimit(const AdaptiveLimit&) = delete;
    AdaptiveLimit& operator=(const AdaptiveLimit&) = delete;

    /// The right to make a call; gives itself back when it is destroyed. The limit outlives it.
    class [[nodiscard("a permit that is dropped is given back at once")]] Permit {
      public:
        Permit(Permit&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)), begin_(other.begin_) {}
        Permit& operator=(Permit&& other) noexcept {
            std::swap(limit_, other.limit_);
            std::swap(begin_, other.begin_);
            return *this;
        }
        ~Permit() { end(Load::unknown); }

        /// The call leaves now: its latency counts from here. What was waited for with the permit in hand, such as a
        /// pace, is not the server's doing.
        void begin() noexcept {
            if (limit_ && !begin_) begin_ = limit_->call_begins();
        }

        /// The call has ended like this; the permit is given back.
        void end(Load load) noexcept {
            if (limit_) std::exchange(limit_, nullptr)->give_back(begin_, load);
        }

      private:
        friend class AdaptiveLimit;
        explicit Permit(AdaptiveLimit& limit) noexcept : limit_(&limit) {}
        AdaptiveLimit* limit_;
        std::optional<TimePoint> begin_;
    };

    /// Waits for a permit.
    Task<Permit> enter(int priority = 0);

    /// The same without waiting: nothing when there is none, or others wait for one.
    std::optional<Permit> try_enter() noexcept;

    /// How many permits there may be; how many are out; how many more may be; how many of those that are out have begun
    /// their call; how many wait.
    std::size_t limit() const noexcept { return state_.limit(); }
    std::size_t permits() const noexcept { return permits_; }
    std::size_t available() const noexcept { return permits_ < limit() ? limit() - permits_ : 0; }
    std::size_t in_flight() const noexcept { return in_flight_; }
    std::size_t waiting() const noexcept { return line_.size(); }

  private:
    Permit take() noexcept;
    TimePoint call_begins() noexcept;
    void give_back(std::optional<TimePoint> begin, Load load) noexcept;

    AdaptiveLimitState state_;
    std::size_t permits_ = 0;    // that are out
    std::size_t in_flight_ = 0;  // of those, the ones whose calls have begun
    internal::WaitingLine line_;
};

}  // namespace plait::policy
