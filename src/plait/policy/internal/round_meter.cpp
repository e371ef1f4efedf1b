#include "plait/policy/internal/round_meter.hpp"

#include <algorithm>
#include <limits>

namespace plait::policy::internal {

namespace {

double nanoseconds(Duration time) noexcept { return static_cast<double>(time.count()); }

}  // namespace

void RoundMeter::begin(std::size_t size, bool waits_for_all, TimePoint now) noexcept {
    ++round_;
    size_ = size;
    waits_for_all_ = waits_for_all;
    round_begin_ = counted_until_ = now;
    enough_at_ = TimePoint::max();
    peak_ = in_flight_;
    time_in_flight_ = 0;
    answers_ = begun_ = 0;
    begins_ = latencies_ = 0;
    early_latency_ = late_latency_ = std::numeric_limits<double>::infinity();
    sample_.begin(size_);
}

RoundMeter::Call RoundMeter::began(TimePoint now) noexcept {
    count_time(now);
    if (begun_ == 0) {
        // A look may have waited for earlier calls to end.
        round_begin_ = now;
        time_in_flight_ = 0;
        answers_ = 0;
    }
    const bool is_measured = begun_ < size_;
    if (is_measured) {
        ++begun_;
        begins_ += nanoseconds(now - round_begin_);
    }
    ++in_flight_;
    peak_ = std::max(peak_, in_flight_);
    return {now, round_, is_measured};
}

void RoundMeter::ended(TimePoint now) noexcept {
    count_time(now);
    --in_flight_;
}

void RoundMeter::answered(const Call& call, TimePoint now) noexcept {
    ++answers_;
    const double latency = nanoseconds(now - call.begin);
    const std::size_t quarter = std::max<std::size_t>(size_ / 4, 1);
    if (answers_ <= quarter) early_latency_ = std::min(early_latency_, latency);
    if (answers_ + quarter > size_) late_latency_ = std::min(late_latency_, latency);
    if (!is_of_round(call)) return;
    sample_.add(latency);
    latencies_ += latency;
    begins_ -= nanoseconds(call.begin - round_begin_);
}

void RoundMeter::forget(const Call& call) noexcept {
    if (!is_of_round(call)) return;
    --begun_;
    begins_ -= nanoseconds(call.begin - round_begin_);
}

bool RoundMeter::is_whole(TimePoint now) noexcept {
    if (waits_for_all_ && answers_ < size_) return false;
    if (begun_ < size_ || 5 * sample_.seen() < 3 * size_) return false;
    if (sample_.seen() >= size_) return true;
    if (enough_at_ == TimePoint::max()) enough_at_ = now + (now - round_begin_) / 4;
    return now >= enough_at_;
}

Round RoundMeter::results(TimePoint now) noexcept {
    const double length = std::max(1.0, nanoseconds(now - round_begin_));
    // The latency of an unanswered call is at least its age.
    const auto unanswered = static_cast<double>(begun_ - sample_.seen());
    Round round;
    round.in_flight = time_in_flight_ / length;
    round.latency = (latencies_ + unanswered * length - begins_) / static_cast<double>(begun_);
    round.spread = sample_.spread();
    round.rate = static_cast<double>(answers_) / length;
    round.early_latency = early_latency_;
    round.late_latency = late_latency_;
    return round;
}

void RoundMeter::count_time(TimePoint now) noexcept {
    time_in_flight_ += static_cast<double>(in_flight_) * nanoseconds(now - counted_until_);
    counted_until_ = now;
}

}  // namespace plait::policy::internal
