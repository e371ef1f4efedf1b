#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/status/run_report.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plait::watch {

/// A moment of a run, for charts.
class Sample {
  public:
    Sample() noexcept {}
    explicit Sample(const batch::RunReport& report);

    Duration at{};  ///< since the run began
    std::uint64_t done = 0;
    std::uint64_t not_ok = 0;
    std::uint64_t in_flight = 0;
    std::optional<std::uint64_t> limit;  ///< of calls in flight, in all groups that have calls; nothing: not known

    friend bool operator==(const Sample&, const Sample&) = default;
};

/// The course of a run so far, in bounded memory: when it is full, every second sample goes, and from then on samples
/// are taken half as often.
class History {
  public:
    static constexpr std::size_t most_samples = 600;
    static constexpr Duration first_interval = std::chrono::milliseconds(500);

    /// What `add` did.
    enum class Change {
        none,   ///< it is too soon after the last sample
        added,  ///< one sample, at the end
        thinned
    };

    Change add(const Sample& sample);

    const std::vector<Sample>& samples() const noexcept { return samples_; }

  private:
    std::vector<Sample> samples_;
    Duration interval_ = first_interval;
};

/// A sample as a list: seconds, results, results that are not ok, calls in flight, and their limit or null.
std::string to_json(const Sample& sample);

}  // namespace plait::watch
