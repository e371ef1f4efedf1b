#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/tally/latency_histogram.hpp"

#include <array>
#include <cstdint>
#include <map>

namespace plait::batch {

/// Counts what a run has done so far. Its size does not grow with the run.
class Tally {
  public:
    /// Counts a call that ended after `latency`.
    void call_ended(const CallEnd& end, Duration latency);

    /// Counts a line that is not a valid request.
    void line_refused();

    /// Adds results that earlier runs wrote.
    void done_before(Outcome outcome, std::uint64_t count) noexcept;

    /// Results of this run: ended calls and invalid lines.
    std::uint64_t done() const noexcept { return done_; }
    /// All results, with those of earlier runs.
    std::uint64_t done_in_all() const noexcept { return done_ + before_; }
    /// All results with this outcome.
    std::uint64_t count(Outcome outcome) const noexcept { return outcomes_[static_cast<std::size_t>(outcome)]; }
    /// All results that are not ok.
    std::uint64_t not_ok() const noexcept { return done_in_all() - count(Outcome::ok); }

    const std::map<int, std::uint64_t>& status_codes() const noexcept { return status_codes_; }
    const std::map<ErrorCode, std::uint64_t>& errors() const noexcept { return errors_; }
    /// The total sizes of bodies.
    std::uint64_t sent_bytes() const noexcept { return sent_bytes_; }
    std::uint64_t received_bytes() const noexcept { return received_bytes_; }
    /// Latencies of the calls that had an answer.
    const LatencyHistogram& latencies() const noexcept { return latencies_; }

  private:
    std::uint64_t done_ = 0;
    std::uint64_t before_ = 0;
    std::array<std::uint64_t, outcome_count> outcomes_{};
    std::map<int, std::uint64_t> status_codes_;
    std::map<ErrorCode, std::uint64_t> errors_;
    std::uint64_t sent_bytes_ = 0;
    std::uint64_t received_bytes_ = 0;
    LatencyHistogram latencies_;
};

}  // namespace plait::batch
