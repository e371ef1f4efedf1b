#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/pace/rate_limit.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace plait::policy {

/// Options for learning a pace from refusals.
struct LearntPaceOptions {
    /// The pause after a refusal without a time, while nothing is known. Each refused probe lengthens it by a factor of
    /// 1.4, up to `longest_gap`.
    Duration first_gap = std::chrono::milliseconds(500);
    Duration longest_gap = std::chrono::seconds(60);
};

/// Finds the pace of a server that refuses calls without announcing its limit, from which calls it accepted when. Knows
/// no clock.
///
/// After a refusal, only one probe at a time is sent. An accepted probe ends a *cycle*: it shows how many calls were
/// accepted since the cycle began, and after how long, silence included, the limit opened again. A cycle without an
/// accepted call teaches nothing.
///
/// The next cycle tells the kinds of limiters apart. A *window* (fixed or sliding) lets in as many calls as before. It
/// is used whole, with the spacing of the last cycle, and its length is narrowed down between the last refused and the
/// first accepted probe. A *bucket* lets in only a few. It is used evenly, at the rate that it accepted between two
/// refusals. Now and then one call more is tried, less and less often while it is refused.
///
/// Some limiters count refused calls, too, so that probes keep a window closed. One longer pause, once, finds that out.
///
/// A server that refuses too many calls in flight, rather than too many in a time, accepts far more calls as soon as
/// few are in flight. Then nothing is learnt.
///
/// Refusals that hit calls at random, while calls sent later are accepted, are no limit. While no limit is known,
/// nothing is learnt from them.
class LearntPace {
  public:
    explicit LearntPace(const LearntPaceOptions& options = {}) noexcept : options_(options) {}

    /// A call that was sent; numbers increase by one.
    struct Call {
        std::uint64_t number = 0;
        TimePoint sent_at{};
    };

    /// Returns when a call may be sent if nothing else happens before: `now`, or later, or the end of time when a call
    /// in flight has to end first.
    TimePoint earliest(TimePoint now);
    void sent(const Call& call, TimePoint now);

    // How a call ended: exactly one of these for each.
    void accepted(const Call& call, TimePoint now);
    /// `wait` is the wait that the server asked for.
    void refused(const Call& call, std::optional<Duration> wait, TimePoint now);
    /// Neither accepted nor refused, as far as is known.
    void dropped(const Call& call, TimePoint now);

    /// The answer to `call` says that the next one will be refused.
    void ran_out(const Call& call, TimePoint now);

    /// Since when every probe has been refused without a time; nullopt while calls are accepted.
    std::optional<TimePoint> silent_since() const noexcept;
    /// The learnt limit; nullopt while none is known.
    std::optional<RateLimit> limit() const;
    /// Whether a limit is known or suspected.
    bool is_open() const noexcept { return phase_ == Phase::open && !suspect_; }

  private:
    enum class Phase {
        open,       ///< no limit is known
        silent,     ///< after a refusal: one probe at a time
        returning,  ///< after an accepted probe: more and more calls, up to what is known
        flowing     ///< at the known pace
    };
    enum class Shape { unknown, window, bucket };
    struct Suspicion {
        Call first;
        TimePoint since;
        std::uint64_t in_flight;
        int accepted;  // calls sent after it
        int refused;
    };

    TimePoint while_suspected(TimePoint now);
    TimePoint by_answers(TimePoint now, bool may_go) const noexcept;
    void wait_for_window(TimePoint now);
    void confirm_or_clear(TimePoint now);
    void fall_silent(const Call& call, std::optional<Duration> wait, TimePoint now);
    void probe_refused(std::optional<Duration> wait, TimePoint now);
    Duration gap_to_begin_with(TimePoint now);
    Duration window_to_try() const noexcept;
    void resume(const Call& probe, TimePoint now);
    void learn_window(Duration lo, Duration hi);
    void learn_shape(Duration hi);
    void become_bucket(double rate);
    void measure_bucket(TimePoint onset);
    void grow_bucket(const Call& call, TimePoint now);
    void forget() noexcept;

    LearntPaceOptions options_;
    Phase phase_ = Phase::open;
    Shape shape_ = Shape::unknown;
    std::optional<Suspicion> suspect_;
    TimePoint last_cleared_{};  // when refusals were last found to be random

    // Calls.
    std::uint64_t last_number_ = 0;
    std::uint64_t in_flight_ = 0;

    // This cycle, which began with its first accepted call.
    std::optional<TimePoint> cycle_begin_;
    std::uint64_t cycle_first_ = 0;  // its number
    double left_ = 0;
    double accepted_ = 0;

    // The silence.
    std::uint64_t silence_number_ = 0;  // calls with higher numbers are probes
    TimePoint silence_began_{};
    TimePoint last_refused_sent_at_ = TimePoint::min();
    TimePoint next_probe_{};
    Duration gap_{};
    int probes_refused_ = 0;
    bool wait_was_given_ = false;  // the server named a time
    bool by_refusal_ = true;       // or else by the known quota
    std::uint64_t probe_ = 0;

    // A window.
    double quota_ = 0;
    double known_ = 0;                   // what it was as this cycle began
    int short_cycles_ = 0;               // in a row that let in less than known
    std::vector<TimePoint> this_cycle_;  // when its calls were sent
    std::vector<TimePoint> last_cycle_;
    Duration window_lo_{};
    Duration window_hi_{};
    Duration quiet_hi_{};  // after a first silence that outlived many probes: how long its last probe came after the
                           // one before
    bool tries_quiet_ = false;
    bool needs_quiet_ = false;  // it opens when nothing has been sent for a while, refused calls included
    int until_crossing_ = 0;    // cycles until more than the quota is tried
    int crossing_pause_ = 1;
    bool crosses_ = true;

    bool is_by_number_ = false;  // refused for too many in flight, not for a pace
    double refused_by_number_ = 0;

    // A bucket.
    double rate_ = 0;  // a second
    TimePoint even_{};
    bool held_back_ = false;
    double since_onset_ = 0;  // accepted since the refusal that began the last silence
    std::optional<TimePoint> onset_;
    double clean_ = 0;
    std::uint64_t grown_by_ = 0;  // the last call sent before the rate grew
    TimePoint grown_at_{};
    Duration trust_{};
    double step_ = 0;
    double clean_rate_ = 0;     // the last rate that was accepted for a while
    double refused_rate_ = 0;   // the last rate that was refused after a while
    bool is_measured_ = false;  // ended by a refusal; otherwise a guess
    bool is_proved_ = false;    // measured over many calls between two refusals
};

}  // namespace plait::policy
