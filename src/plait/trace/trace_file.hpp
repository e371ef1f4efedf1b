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

/// What runs the spans of a lane.
enum class LaneKind : std::uint8_t { caller, thread, loop, process, worker };

std::string_view to_string(LaneKind kind) noexcept;

/// What the head of a trace says.
class TraceHead {
  public:
    TraceHead() {}

    std::string command;
    std::string method;
    std::size_t workers = 1;
    std::size_t concurrency = 1;
    /// The date and time, such as `2026-11-23T23:20:00Z`.
    std::string started;
    /// Where the spans run.
    LaneKind lanes = LaneKind::loop;
};

/// The connection of an attempt.
struct SpanConnection {
    std::string origin;        ///< such as `https://api.example`
    std::uint64_t number = 0;  ///< among those of its worker, from 1; 0: none was open
};

/// What a trace says about a span, apart from its states.
struct SpanLabel {
    std::string_view name;  ///< the custom_id of a call
    std::uint64_t line = 0;
    std::string_view result;  ///< a status code, or the code of an error
    bool ok = true;
    unsigned attempt = 1;
    std::span<const SpanConnection> connections{};  ///< of its attempts, one after another
};

/// Writes a trace file (docs/formats.md) during the run. Belongs to one thread; what other threads and processes did is
/// given to it as values.
///
/// Memory, file size and CPU time are bounded: later spans of a long run are thinned out, and of spans that arrive too
/// fast one in four, or fewer, is recorded. A record reaches the file after a second at most, provided that others
/// follow it. When the file can't be written, the trace ends there and the run continues.
class TraceFile {
  public:
    /// The number of spans that are all recorded.
    static constexpr std::uint64_t spans_in_full = 100'000;
    /// From then on, the share of recorded spans is halved each time this number of records was written.
    static constexpr std::uint64_t records_until_thinner = 50'000;
    /// If more than `dense_records` spans end within `dense_time`, only one in `dense_step` is recorded until the rate
    /// drops.
    static constexpr Duration dense_time = std::chrono::milliseconds(100);
    static constexpr std::uint64_t dense_records = 5'000;
    static constexpr std::uint64_t dense_step = 4;
    /// The number of spans that have a slice for each phase, which other viewers show. Slices take more room than the
    /// span.
    static constexpr std::uint64_t spans_with_phases = 2'000;
    /// The number of bytes that are written without waiting for more.
    static constexpr std::size_t full_buffer = 64 * 1024;
    /// No record waits longer before it is written.
    static constexpr Duration longest_wait = std::chrono::seconds(1);

    /// Called once, when the file can't be written any more, with what was tried and why it failed.
    using OnTrouble = std::function<void(const std::string& message)>;

    /// Creates the file, as `create_file` does.
    static std::unique_ptr<TraceFile> create(const std::string& path, bool overwrite, TraceHead head, TimePoint start,
                                             OnTrouble on_trouble);

    /// Writes to `file`, which is empty; `name` stands in messages. The times of the trace are counted from `start`.
    TraceFile(UniqueFd file, std::string name, TraceHead head, TimePoint start, OnTrouble on_trouble);
    TraceFile(const TraceFile&) = delete;
    TraceFile& operator=(const TraceFile&) = delete;
    /// Writes what is left. Without a `close` before, the trace is marked as cut short.
    ~TraceFile();

    /// Returns the recorder to make the coordinating loop with. This object must outlive that loop.
    SpanRecorder& recorder() noexcept;

    /// Returns the lane of a caller, thread, loop or process. `who`, such as a process id, tells apart those of one
    /// kind.
    LaneId lane(LaneKind kind, std::uint64_t who = 0);

    /// Records a span that has ended. On a lane that is not a loop's, the part that overlaps the previous span is cut
    /// off.
    void add(const SpanLabel& label, Span&& span);

    /// Writes buffered records if they have waited for long.
    void keep_written(TimePoint now) noexcept {
        if (now >= next_write_) write_waiting(now);
    }

    /// Writes the last record, with the number of all spans. Spans that are added later are not in the file. `limits`
    /// are sentences on the concurrency that the run found, and why.
    void close(TimePoint end, std::span<const std::pair<std::string_view, std::uint64_t>> outcomes = {},
               std::span<const std::string> limits = {});

    /// The number of spans that were added.
    std::uint64_t spans() const noexcept { return spans_; }

  private:
    friend class internal::LoopRecorder;

    struct Lane {
        LaneKind kind;
        std::string name;
        std::vector<TimePoint> ends;  ///< of the last span in each row; not of a loop, whose tasks have rows
        std::uint32_t named_rows = 0;
    };

    void append(const SpanLabel& label, const Span& span, LaneId id);
    void list_connections(std::span<const SpanConnection> connections);
    std::size_t number_of_origin(const std::string& origin);
    static void place(Span& span, Lane& lane);
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
    std::uint64_t records_until_thinner_ = spans_in_full;
    std::uint64_t dense_one_in_ = 1;  ///< in addition, because spans come too fast
    std::uint64_t records_in_time_ = 0;
    TimePoint time_end_;
    std::map<std::string, std::size_t> origins_;  ///< their numbers, from 1
    std::string connections_;                     ///< of the span that is written, to reuse its memory
    std::string waiting_;
    TimePoint next_write_;
};

}  // namespace plait::trace
