#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/trace/span_recorder.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::trace {

namespace internal {
class LoopRecorder;
class RecordText;
}  // namespace internal

/// Who runs the spans of a lane.
enum class LaneKind : std::uint8_t { caller, thread, loop, process };

std::string_view to_string(LaneKind kind) noexcept;

/// What a trace says of itself.
class TraceHead {
  public:
    TraceHead() {}

    std::string command;
    std::string method;
    std::size_t workers = 1;
    std::size_t concurrency = 1;
    /// By the calendar, as in `2026-11-23T23:20:00Z`.
    std::string started;
    /// Where the spans run.
    LaneKind lanes = LaneKind::loop;
};

/// What a trace says of a span beside its course.
struct StrandLabel {
    std::string_view name;  ///< the custom_id of a call
    std::uint64_t line = 0;
    std::string_view result;  ///< a status code, or the code of an error
    bool ok = true;
    unsigned attempt = 1;
};

/// Writes a trace file (docs/formats.md) while what it tells of happens. Of one thread; what other threads and
/// processes did comes to it as values.
///
/// Its memory is bounded, and so is the file: of a long run the later spans are thinned out. So is what it costs: of
/// spans that come faster than can be written in passing, one in four is recorded, or fewer. What it was given more
/// than a second ago is in the file, when anything was recorded since. When the file can't be written the trace ends
/// there, and nobody is stopped.
class TraceFile {
  public:
    /// So many spans are all recorded.
    static constexpr std::uint64_t strands_in_full = 100'000;
    /// After that, and after so many records each time, half as many of the spans that follow.
    static constexpr std::uint64_t records_until_thinner = 50'000;
    /// When more than so many spans end in this time, of those that follow one in `dense_step` is recorded, until
    /// fewer end.
    static constexpr Duration dense_time = std::chrono::milliseconds(100);
    static constexpr std::uint64_t dense_records = 5'000;
    static constexpr std::uint64_t dense_step = 4;
    /// So many spans have a slice for each phase, which viewers of others show. They take more room than the span.
    static constexpr std::uint64_t strands_with_phases = 2'000;
    /// So many bytes are written without waiting for more.
    static constexpr std::size_t full_buffer = 64 * 1024;
    /// No record waits longer before it is written.
    static constexpr Duration longest_wait = std::chrono::seconds(1);

    /// Told once, when the file can't be written any more: what was tried, and why it failed.
    using OnTrouble = std::function<void(const std::string& message)>;

    /// Makes the file, as `create_file` does.
    static std::unique_ptr<TraceFile> create(const std::string& path, bool overwrite, TraceHead head, TimePoint start,
                                             OnTrouble on_trouble);

    /// Writes to `file`, which is empty; `name` stands in messages. The times of the trace are counted from `start`.
    TraceFile(UniqueFd file, std::string name, TraceHead head, TimePoint start, OnTrouble on_trouble);
    TraceFile(const TraceFile&) = delete;
    TraceFile& operator=(const TraceFile&) = delete;
    /// Writes what is left. Without `close` the trace is one that was cut short.
    ~TraceFile();

    /// What the coordinating loop is to be made with. Outlives that loop as this object does.
    SpanRecorder& recorder() noexcept;

    /// The lane of a caller, thread, loop or process. `who` tells those of a kind apart, such as a process id.
    LaneId lane(LaneKind kind, std::uint64_t who = 0);

    /// Records a span that has ended. On lanes that are no loop's, what overlaps the span before is cut off.
    void add(const StrandLabel& label, Span&& span);

    /// Has what waits written if it waited for long.
    void keep_written(TimePoint now) noexcept {
        if (now >= next_write_) write_waiting(now);
    }

    /// The last record: how much there was to record. What is added later is not in the file.
    void close(TimePoint end, std::span<const std::pair<std::string_view, std::uint64_t>> outcomes = {});

    /// How many spans were added.
    std::uint64_t spans() const noexcept { return spans_; }

  private:
    friend class internal::LoopRecorder;

    struct Lane {
        LaneKind kind;
        std::string name;
        TimePoint last_end;
        std::uint32_t named_rows = 0;
    };

    void append(const StrandLabel& label, const Span& span, LaneId id);
    std::uint64_t tid_of(LaneId id, std::uint32_t row);
    bool takes_next(TimePoint when);
    bool adapts_to_density(TimePoint when) noexcept;
    void name_tid(std::uint64_t tid, std::string_view name);
    void end_record();
    void write_waiting(TimePoint now) noexcept;
    void flush() noexcept;
    void write(std::string_view text) noexcept;

    UniqueFd file_;
    std::string name_;
    LaneKind lanes_kind_;
    TimePoint start_;
    OnTrouble on_trouble_;
    std::unique_ptr<internal::RecordText> text_;
    std::unique_ptr<internal::LoopRecorder> recorder_;

    std::vector<Lane> lanes_;  ///< the first has the id 1
    std::map<std::pair<LaneKind, std::uint64_t>, LaneId> lane_by_who_;
    LaneId loop_lane_ = 0;  ///< of the coordinating loop, when it has one
    std::uint64_t spans_ = 0;
    std::uint64_t one_in_ = 1;
    std::uint64_t records_until_thinner_ = strands_in_full;
    std::uint64_t dense_one_in_ = 1;  ///< beside the other: because spans come so fast
    std::uint64_t records_in_time_ = 0;
    TimePoint time_end_;
    std::string waiting_;
    TimePoint next_write_;
};

}  // namespace plait::trace
