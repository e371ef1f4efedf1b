#include "plait/batch/group/group_report.hpp"

#include <algorithm>
#include <chrono>

namespace plait::batch {

namespace {

/// Later times are cut to this, so that their dates can be written and read.
constexpr Duration longest_ahead = std::chrono::hours(24 * 365 * 50);

}  // namespace

WallTime ClockPair::date_of(TimePoint time) const noexcept {
    if (time >= steady + longest_ahead) return wall + longest_ahead;
    return wall + (time - steady);
}

ReportedWait::ReportedWait(const policy::WaitReason& reason, const ClockPair& clocks)
    : limit(reason.limit), learnt_from(reason.learnt_from), until(clocks.date_of(reason.until)) {}

ReportedQuota::ReportedQuota(const policy::LimitNotice& notice, const ClockPair& clocks)
    : unit(notice.unit),
      learnt_from(notice.source),
      limit(notice.limit),
      remaining(notice.remaining),
      window(notice.window) {
    if (notice.reset) reset_at = clocks.wall + std::min(*notice.reset, longest_ahead);
}

void GroupReport::take(const policy::Pace& pace, const ClockPair& clocks) {
    waiting = pace.waiting();
    if (const auto reason = pace.waits_for()) waits_for.emplace(*reason, clocks);
    if (const auto reason = pace.parked()) parked.emplace(*reason, clocks);
    learnt_pace = pace.server_limits().learnt_pace();
    for (const policy::LimitNotice& notice : pace.server_limits().quotas(clocks.steady)) {
        quotas.emplace_back(notice, clocks);
    }
}

}  // namespace plait::batch
