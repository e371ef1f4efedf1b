#include "plait/mock/limit/internal/meter.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>

namespace plait::mock::internal {

namespace {

/// Returns the greatest multiple of `length` that is not after `time`.
Duration floor_to(Duration time, Duration length) {
    const Duration rest = time % length;
    return time - rest - (rest < Duration::zero() ? length : Duration::zero());
}

LimitState state_of(const AllowedRate& rate, std::uint64_t used) {
    LimitState state;
    state.limit = rate.requests;
    state.window = rate.window;
    state.remaining = rate.requests - std::min(used, rate.requests);
    return state;
}

/// Remembers the times of requests, so that no window has more of them than the rate allows. A window excludes its end:
/// two requests that are a window's length apart are in different windows.
class SlidingWindow final : public Meter {
  public:
    explicit SlidingWindow(const AllowedRate& rate) : rate_(rate) {}

    void move_to(TimePoint now) override {
        now_ = now;
        while (!came_.empty() && came_.front() + rate_.window <= now) came_.pop_front();
    }
    bool has_room() const override { return came_.size() < rate_.requests; }
    void let_in() override { came_.push_back(now_); }
    void refuse() override {
        if (!rate_.counts_refused) return;
        came_.push_back(now_);
        if (came_.size() > rate_.requests) came_.pop_front();  // only the newest matter
    }
    bool is_empty() const override { return came_.empty(); }

    LimitState state(bool refused) const override {
        LimitState state = state_of(rate_, came_.size());
        if (came_.empty() || (refused && has_room())) return state;
        state.reset = (refused ? came_.front() : came_.back()) + rate_.window - now_;
        return state;
    }

  private:
    const AllowedRate rate_;
    std::deque<TimePoint> came_;
    TimePoint now_{};
};

/// Counts requests in one window at a time. `fixed`, `clock` and `silence` differ in where it starts.
class FixedWindow final : public Meter {
  public:
    FixedWindow(const AllowedRate& rate, Duration since_1970) : rate_(rate), since_1970_(since_1970) {}

    void move_to(TimePoint now) override {
        now_ = now;
        if (now < end_) return;
        used_ = 0;
        end_ = now + rate_.window;
        if (rate_.counting == Counting::clock) {
            const Duration calendar = now.time_since_epoch() + since_1970_;
            end_ -= calendar - floor_to(calendar, rate_.window);
        }
    }
    bool has_room() const override { return used_ < rate_.requests; }
    void let_in() override {
        ++used_;
        if (rate_.counting == Counting::silence) end_ = now_ + rate_.window;
    }
    void refuse() override {
        if (rate_.counts_refused) end_ = now_ + rate_.window;
    }
    bool is_empty() const override { return used_ == 0; }

    LimitState state(bool refused) const override {
        LimitState state = state_of(rate_, used_);
        if (!refused || !has_room()) state.reset = end_ - now_;
        return state;
    }

  private:
    const AllowedRate rate_;
    const Duration since_1970_;
    std::uint64_t used_ = 0;
    TimePoint end_{};
    TimePoint now_{};
};

/// Counts requests in windows end to end, and treats those of the previous window as evenly spread. Its reset is the
/// end of the window (go-chi/httprate 0.16).
class SlidingCounter final : public Meter {
  public:
    explicit SlidingCounter(const AllowedRate& rate) : rate_(rate) {}

    void move_to(TimePoint now) override {
        now_ = now;
        if (!start_) start_ = now;
        const auto windows = (now - *start_) / rate_.window;
        if (windows > 0) before_ = windows == 1 ? used_ : 0;
        if (windows > 0) used_ = 0;
        *start_ += windows * rate_.window;
    }
    bool has_room() const override { return rate_now() < rate_.requests; }
    void let_in() override { ++used_; }
    void refuse() override {
        if (rate_.counts_refused) ++used_;
    }
    bool is_empty() const override { return used_ == 0 && before_ == 0; }

    LimitState state(bool refused) const override {
        LimitState state = state_of(rate_, rate_now());
        if (!refused || !has_room()) state.reset = *start_ + rate_.window - now_;
        return state;
    }

  private:
    std::uint64_t rate_now() const {
        const double left = 1 - std::chrono::duration<double>(now_ - *start_) / rate_.window;
        return used_ + static_cast<std::uint64_t>(std::llround(static_cast<double>(before_) * left));
    }

    const AllowedRate rate_;
    std::optional<TimePoint> start_;
    std::uint64_t used_ = 0;
    std::uint64_t before_ = 0;
    TimePoint now_{};
};

/// A bucket of tokens, of which each request takes one. The only state is the time at which the bucket is full again:
/// the theoretical arrival time of the generic cell rate algorithm (GCRA), which accepts the same requests as a bucket.
class Bucket final : public Meter {
  public:
    explicit Bucket(const AllowedRate& rate)
        : is_leaky_(rate.counting == Counting::leaky),
          tokens_(static_cast<Duration::rep>(rate.burst) + (is_leaky_ ? 1 : 0)),
          for_each_(std::max(rate.window / static_cast<Duration::rep>(rate.requests), Duration(1))),
          undelayed_(for_each_ * static_cast<Duration::rep>(std::min(rate.undelayed, rate.burst))),
          step_(rate.step) {}

    void move_to(TimePoint now) override {
        if (!start_) start_ = now;
        now_ = now;
        counted_ = step_ == Duration::zero() ? now : *start_ + floor_to(now - *start_, step_);
        full_at_ = std::max(full_at_, counted_);
    }
    bool has_room() const override { return missing() + for_each_ <= tokens_ * for_each_; }
    void let_in() override {
        delay_ = is_leaky_ ? std::max(missing() - undelayed_, Duration::zero()) : Duration::zero();
        full_at_ += for_each_;
    }
    bool is_empty() const override { return missing() == Duration::zero(); }

    LimitState state(bool refused) const override {
        LimitState state;
        state.limit = static_cast<std::uint64_t>(tokens_);
        state.window = tokens_ * for_each_;
        state.remaining = static_cast<std::uint64_t>((state.window - missing()) / for_each_);
        if (refused && has_room()) return state;
        const TimePoint end = refused ? full_at_ + for_each_ - state.window : full_at_;
        state.reset = (step_ == Duration::zero() ? end : at_step(end)) - now_;
        return state;
    }

    Duration delay() const override { return delay_; }

  private:
    Duration missing() const { return full_at_ - counted_; }
    /// Returns when the tokens that are due by `time` come back.
    TimePoint at_step(TimePoint time) const { return *start_ - floor_to(*start_ - time, step_); }

    const bool is_leaky_;
    const Duration::rep tokens_;
    const Duration for_each_;  ///< how long one token takes to come back
    const Duration undelayed_;
    const Duration step_;
    std::optional<TimePoint> start_;
    TimePoint now_{};
    TimePoint counted_{};  ///< until when tokens have come back
    TimePoint full_at_{};
    Duration delay_{};
};

}  // namespace

std::unique_ptr<Meter> make_meter(const AllowedRate& rate, Duration since_1970) {
    switch (rate.counting) {
        case Counting::sliding:
            return std::make_unique<SlidingWindow>(rate);
        case Counting::counter:
            return std::make_unique<SlidingCounter>(rate);
        case Counting::bucket:
        case Counting::leaky:
            return std::make_unique<Bucket>(rate);
        case Counting::fixed:
        case Counting::clock:
        case Counting::silence:
            break;
    }
    return std::make_unique<FixedWindow>(rate, since_1970);
}

}  // namespace plait::mock::internal
