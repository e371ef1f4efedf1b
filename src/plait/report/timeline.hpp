#pragma once

#include "plait/base/clock.hpp"
#include "plait/trace/activity.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace plait::report {

/// One attempt of a call, or one job: when and where it ran, and what it did.
class Span {
  public:
    Span() {}

    std::string name;        ///< the custom_id
    std::uint64_t line = 0;  ///< in the input; 0: none
    std::uint64_t attempt = 1;
    std::string result;  ///< a status code, an error code, or empty
    bool ok = true;
    Duration begin{};  ///< since the start of the timeline
    Duration length{};
    std::uint32_t lane = 0;        ///< its index in `Timeline::lanes`
    std::uint32_t row = 0;         ///< its row among overlapping calls of the lane, from 0
    std::uint32_t origin = 0;      ///< of the last attempt: its index in `Timeline::origins`, plus 1; 0: unknown
    std::uint64_t connection = 0;  ///< of the last attempt: its number among those of its worker; 0: unknown
    std::uint32_t stands_for = 1;  ///< in a thinned trace, the number of calls that it stands for
    std::vector<trace::Segment> segments;  ///< their lengths add up to `length`
};

/// A runner of calls: the caller, a thread, a loop or a process.
class Lane {
  public:
    Lane() {}

    std::string name;
    std::string kind;        ///< that of the trace's lane, such as `thread`; `unknown` when made from results
    std::uint32_t rows = 1;  ///< the most calls in flight
};

/// A stretch of time in which the loop of a lane ran.
struct LoopRun {
    std::uint32_t lane = 0;
    Duration begin{};
    Duration length{};
};

/// The length of the loop's two lists at a moment.
struct LoopCounts {
    std::uint32_t lane = 0;
    Duration when{};
    std::uint64_t ready = 0;
    std::uint64_t waiting = 0;
};

/// The most spans that readers keep. If there are more, every second one is dropped, so that a file of any length can
/// be shown.
inline constexpr std::size_t most_spans = 400'000;

/// The history of one run.
class Timeline {
  public:
    Timeline() {}

    std::string source;   ///< the file that it was read from
    std::string command;  ///< such as `run`, `compare`; `results` when made from a results file
    std::string method;   ///< empty when it is not known
    std::uint64_t concurrency = 0;
    std::string started;  ///< ISO 8601; empty when it is not known
    std::vector<Lane> lanes;
    std::vector<std::string> origins;
    std::vector<Span> spans;  ///< sorted by their begin
    std::vector<LoopRun> loop_runs;
    std::vector<LoopCounts> loop_counts;
    Duration length{};    ///< up to the end of the last span
    bool is_cut = false;  ///< the file ended before its last record: the program was killed
    /// Above 1: the trace was thinned; where it was thinned most, one call in this many was recorded.
    std::uint64_t one_in = 1;
    std::map<std::string, std::uint64_t> outcomes;
    std::map<std::string, std::uint64_t> answers;  ///< by the version of HTTP in which they came; from results only
    std::vector<std::string> limits;               ///< what the run found out about its groups: sentences
};

}  // namespace plait::report
