#pragma once

#include "plait/base/clock.hpp"
#include "plait/policy/rate_limit.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace plait::policy {

/// How a pace is learnt from refusals.
struct LearntPaceOptions {
    /// The pause after a refusal that names no time, when nothing is known yet; each refused probe makes it longer by
    /// 1.4 times, up to `longest_gap`.
    Duration first_gap = std::chrono::milliseconds(500);
    Duration longest_gap = std::chrono::seconds(60);
};

/// Finds the pace of a server that refuses without telling its limit, from which calls it accepted when. Knows no
/// clock.
///
/// After a refusal nothing leaves but one probe at a time. When a probe is accepted, a *cycle* has ended: so many calls
/// were accepted since the last one began, and the limit is open again after this long. That is measured with the
/// silence in it, and a cycle in which nothing was accepted teaches nothing.
///
/// What comes back then tells the kinds of limiters apart. A *window* (fixed or sliding) lets in as many as the last
/// time: it is used whole, and the length of the window is narrowed down between the last refused and the first
/// accepted probe. A *bucket* lets in a few: it is used evenly, at the rate that it accepted between two refusals. Both
/// are tried for more now and then, by one call, less and less often as long as that is refused.
///
/// What is refused because there are too many calls in flight, and not too many in a time, is let in again and again as
/// long as few are: after that nothing is learnt from it.
///
/// Refusals that hit calls at random, while others that left after them are accepted, are no limit, and nothing is
/// learnt from them as long as no limit is known.
class LearntPace {
  public:
    explicit LearntPace(const LearntPaceOptions& options = {}) noexcept : options_(options) {}

    /// A call that left; numbers go up by one.
    struct Call {
        std::uint64_t number = 0;
        TimePoint left_at{};
    };

    /// When a call may leave, if nothing else does before: `now`, or later, or the end of time when the end of a call
    /// in flight has to be waited for.
    TimePoint earliest(TimePoint now);
    void leave(const Call& call, TimePoint now);

    // How a call ended: one of these for each that left.
    void accepted(const Call& call, TimePoint now);
    /// `wait`: that the server asked for.
    void refused(const Call& call, std::optional<Duration> wait, TimePoint now);
    /// Neither is known.
    void dropped(const Call& call, TimePoint now);

    /// The server says that the next call will be refused.
    void ran_out(const Call& call, TimePoint now);

    /// Since when everything that was tried has been refused without a time; nothing while calls are accepted.
    std::optional<TimePoint> silent_since() const noexcept;
    /// What was learnt.
    std::optional<RateLimit> limit() const;
    /// Whether a limit is known or suspected.
    bool is_open() const noexcept { return phase_ == Phase::open && !suspect_; }

  private:
    enum class Phase {
        open,       ///< no limit is known
        silent,     ///< refused: one probe at a time
        returning,  ///< a probe was accepted: more and more follow, up to what is known
        flowing     ///< at the pace that is known
    };
    enum class Shape { unknown, window, bucket };
    struct Suspicion {
        Call first;
        TimePoint since;
        int accepted;  // of the calls that left after it
        int refused;
    };

    TimePoint while_suspected(TimePoint now);
    TimePoint by_answers(TimePoint now, bool may_go) const noexcept;
    void wait_for_window(TimePoint now);
    void confirm_or_clear(TimePoint now);
    void fall_silent(const Call& call, std::optional<Duration> wait, TimePoint now);
    void probe_refused(std::optional<Duration> wait, TimePoint now);
    Duration gap_to_begin_with(TimePoint now) const;
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
    TimePoint last_cleared_{};  // when refusals were taken for random ones

    // Calls.
    std::uint64_t last_number_ = 0;
    std::uint64_t on_way_ = 0;

    // This cycle: from the first call that was accepted in it.
    std::optional<TimePoint> cycle_begin_;
    std::uint64_t cycle_first_ = 0;  // its number
    double left_ = 0;
    double accepted_ = 0;

    // The silence.
    std::uint64_t silence_number_ = 0;  // calls with a greater number are probes
    TimePoint silence_began_{};
    TimePoint last_refused_left_at_ = TimePoint::min();
    TimePoint next_probe_{};
    Duration gap_{};
    int probes_refused_ = 0;
    bool was_told_ = false;   // the server named a time
    bool by_refusal_ = true;  // or else by what is known
    std::uint64_t probe_ = 0;

    // A window.
    double quota_ = 0;
    int short_cycles_ = 0;               // in a row that let in less
    std::vector<TimePoint> this_cycle_;  // when its calls left
    std::vector<TimePoint> last_cycle_;
    Duration window_lo_{};
    Duration window_hi_{};
    Duration quiet_hi_{};  // after a first silence that outlived many probes: how long its last probe came after the
                           // one before
    bool tries_quiet_ = false;
    bool needs_quiet_ = false;  // it opens when nothing has been sent for a while, refused calls included
    int until_crossing_ = 0;    // so many cycles until more than the quota is tried
    int crossing_pause_ = 1;
    bool crosses_ = true;

    bool is_by_number_ = false;  // too many at once were refused, whatever their pace
    double refused_by_number_ = 0;

    // A bucket.
    double rate_ = 0;  // a second
    TimePoint even_{};
    bool held_back_ = false;
    double since_onset_ = 0;  // accepted since the last refusal that began a silence
    std::optional<TimePoint> onset_;
    double clean_ = 0;
    std::uint64_t grown_by_ = 0;  // the last call that left before the rate grew
    TimePoint grown_at_{};
    Duration trust_{};
    double step_ = 0;
    double clean_rate_ = 0;     // the last one that was let in for a while
    double refused_rate_ = 0;   // the last one that was refused after a while
    bool is_measured_ = false;  // by a refusal; else it is a guess
    bool is_proved_ = false;    // by many calls between two refusals
};

}  // namespace plait::policy
