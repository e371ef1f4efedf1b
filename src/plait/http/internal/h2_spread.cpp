#include "plait/http/internal/h2_spread.hpp"

#include <algorithm>
#include <chrono>

namespace plait::http::internal {

namespace {

using namespace std::chrono_literals;

// A trial costs a handshake, so it has to promise something: waits that are this much longer than the shortest.
constexpr int much_longer = 2;
constexpr Duration not_worth_it = 5ms;

// After a trial that brought nothing, the next one waits for this long, and then for twice as long.
constexpr Duration first_pause = 10s;
constexpr Duration longest_pause = 10min;

constexpr int weight_of_past = 7;  // of 8

/// Whether the few calls on trial had it clearly better.
bool is_gain(Duration on_trial, Duration usual) { return on_trial * 10 < usual * 7; }

}  // namespace

void H2Spread::answered(Duration wait, std::size_t beside, bool on_trial, TimePoint now) noexcept {
    least_ = std::min(least_.value_or(wait), wait);
    if (!on_trial || !trial_) {
        usual_ = usual_ ? (*usual_ * weight_of_past + wait) / (weight_of_past + 1) : wait;
        return;
    }
    if (beside > few) return;
    trial_->sum += wait;
    if (++trial_->count < samples) return;
    const bool has_gained = usual_ && is_gain(trial_->sum / samples, *usual_);
    trial_.reset();
    if (!has_gained) return pause(now);
    pause_ = {};
    // From here on the calls are divided among one connection more, so the average has to form anew.
    usual_.reset();
}

void H2Spread::trial_failed(TimePoint now) noexcept {
    if (!trial_) return;
    trial_.reset();
    pause(now);
}

void H2Spread::pause(TimePoint now) noexcept {
    pause_ = std::clamp(pause_ * 2, Duration(first_pause), Duration(longest_pause));
    next_trial_ = now + pause_;
}

bool H2Spread::wants_trial(std::size_t connections, std::size_t beside, TimePoint now) const noexcept {
    if (trial_ || connections >= most_connections || beside < least_beside || now < next_trial_) return false;
    return usual_ && *usual_ >= much_longer * *least_ + not_worth_it;
}

void H2Spread::begin_trial() noexcept { trial_.emplace(); }

}  // namespace plait::http::internal
