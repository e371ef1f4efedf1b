#include "plait/watch/history.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace plait::watch {

namespace {

/// The limits of the groups that have calls, if they are adaptive, else the one of the run.
std::optional<std::uint64_t> limit_of(const batch::RunReport& report) {
    std::optional<std::uint64_t> sum;
    for (const batch::GroupReport& group : report.groups) {
        if (!group.concurrency_is_adaptive) {
            if (group.concurrency > 0) return group.concurrency;
        } else if (group.in_flight + group.waiting > 0) {
            sum = sum.value_or(0) + group.concurrency;
        }
    }
    return sum;
}

}  // namespace

Sample::Sample(const batch::RunReport& report)
    : at(std::max(Duration::zero(), Duration(report.last_heard - report.began))),
      done(report.done),
      not_ok(report.done - std::min(report.done, report.count(batch::Outcome::ok))),
      in_flight(report.in_flight),
      limit(limit_of(report)) {}

History::Change History::add(const Sample& sample) {
    // A sample that comes a little early counts, or the next would come a whole tick late.
    const Duration least = interval_ - first_interval / 2;
    if (!samples_.empty() && sample.at - samples_.back().at < least) return Change::none;
    samples_.push_back(sample);
    if (samples_.size() < most_samples) return Change::added;
    std::size_t kept = 0;
    for (std::size_t n = 0; n < samples_.size(); n += 2) samples_[kept++] = samples_[n];
    samples_.resize(kept);
    interval_ *= 2;
    return Change::thinned;
}

std::string to_json(const Sample& sample) {
    return fmt::format("[{:.3f},{},{},{},{}]", std::chrono::duration<double>(sample.at).count(), sample.done,
                       sample.not_ok, sample.in_flight, sample.limit ? fmt::to_string(*sample.limit) : "null");
}

}  // namespace plait::watch
