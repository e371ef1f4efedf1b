#pragma once

#include "plait/trace/span_recorder.hpp"
#include "plait/trace/trace_file.hpp"

#include <cstdint>

namespace plait::trace::internal {

/// The recorder of the coordinating loop: follows spans and, where the spans run on this loop, records when the loop
/// ran and how long its two lists were.
///
/// These records become coarser as there are more of them, so that their number grows with the logarithm of the time.
class LoopRecorder final : public SpanRecorder {
  public:
    /// Runs that follow each other within this time are merged, at first.
    static constexpr Duration first_pause = std::chrono::microseconds(10);
    /// How often the lists are sampled, at first.
    static constexpr Duration first_interval = std::chrono::microseconds(100);
    /// After this many records, the next are twice as coarse.
    static constexpr std::uint64_t notes_until_coarser = 1'024;

    LoopRecorder(TraceFile& trace, TimePoint start, bool with_loop);

    void record(const TaskEvent& event) noexcept override;

    /// Records the run that has not been recorded yet.
    void finish();

  private:
    void note_run(TimePoint begin, TimePoint end);
    void note_counts_before(TimePoint when);

    TraceFile& trace_;
    const bool with_loop_;

    TaskId running_ = 0;
    TimePoint running_since_{};
    TimePoint run_begin_{};
    TimePoint run_end_{};
    Duration pause_ = first_pause;
    std::uint64_t runs_ = 0;

    TimePoint start_;
    TimePoint next_look_;
    Duration interval_ = first_interval;
    std::uint64_t looks_ = 0;
    std::uint32_t ready_ = 0;
    std::uint32_t waiting_ = 0;
};

}  // namespace plait::trace::internal
