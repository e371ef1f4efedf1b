#include "plait/http/origin_habits.hpp"

#include <chrono>

namespace plait::http {

namespace {

/// A server does not change its ways from one minute to the next, but it may be replaced by another.
constexpr Duration distrust = std::chrono::minutes(10);

/// Each takes about 200 bytes.
constexpr std::size_t most_habits = 10'000;

}  // namespace

std::optional<OriginHabit::ReusePermit> OriginHabit::try_reuse_unrepeatable(TimePoint now) {
    if (now < distrusted_until_.load()) return std::nullopt;
    if (keeps_) return ReusePermit();
    if (is_tried_.exchange(true)) return std::nullopt;
    return ReusePermit(shared_from_this());
}

void OriginHabit::record_early_close(TimePoint now) noexcept {
    keeps_ = false;
    distrusted_until_ = now + distrust;
}

void OriginHabit::record_no_continue(TimePoint now) noexcept { mute_until_ = now + distrust; }

std::shared_ptr<OriginHabit> OriginHabits::of(std::string_view origin) {
    const std::lock_guard lock(mutex_);
    auto& habit = habits_[std::string(origin)];
    if (habit) return habit;
    habit = std::make_shared<OriginHabit>();
    std::shared_ptr<OriginHabit> made = habit;
    if (habits_.size() > most_habits)
        std::erase_if(habits_, [](const auto& entry) { return entry.second.use_count() == 1; });
    return made;
}

}  // namespace plait::http
