#pragma once

#include "plait/async/task.hpp"
#include "plait/compare/measure/measurement.hpp"
#include "plait/compare/measure/measuring_process.hpp"
#include "plait/compare/measure/work.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace plait::compare {

/// Returns the command that does the work in a way of Python's. Throws `Error(bad_input)` that says why there is none.
using PythonCommand = std::function<std::vector<std::string>(const Way& way)>;

/// Options of a comparison.
class CompareOptions {
  public:
    CompareOptions() {}

    /// The ways, in the order of their rows.
    std::vector<Way> ways;
    /// How often each way is measured. The ways take turns, so that outside changes affect all of them.
    std::size_t repetitions = 1;
    /// The folder for a trace of the first repetition of each way; empty: no traces.
    std::string trace_folder;
    /// For ways of Python's.
    PythonCommand python_command;
    /// Called before each measurement with its number, from 1, and the number of all.
    std::function<void(const Way& way, std::size_t number, std::size_t total)> on_begin;
};

/// Returns the file name of the trace of a way among `ways`: `<method>.json`, or `<method>-<concurrency>.json` for a
/// method that has several.
std::string trace_name(const Way& way, const std::vector<Way>& ways);

/// Measures the same work in several ways, one after another.
class Comparer {
  public:
    /// `work` outlives the comparer. Throws Error when this process has more than one thread.
    Comparer(const Work& work, CompareOptions options);

    /// Measures all ways. A way that can't be measured has no row, and the reason is in `troubles`. After a
    /// cancellation the rows measured so far stay.
    Task<void> run();

    /// The ways that were measured so far.
    Comparison result() const;

    /// The reason why each missing way has no row, one sentence each.
    const std::vector<std::string>& troubles() const noexcept { return troubles_; }

  private:
    struct Candidate {
        explicit Candidate(Way way_) : way(std::move(way_)) {}
        Way way;
        std::vector<Measurement> runs;
        bool failed = false;
    };

    Task<void> measure(Candidate& candidate, bool traced);
    Task<Measurement> measure_python(const Way& way);
    void check_answer(const Candidate& candidate);
    void note_no_python(const std::string& what);
    void note_trouble(Candidate& candidate, const std::string& what);

    const Work& work_;
    CompareOptions options_;
    MeasuringProcess process_;
    std::vector<Candidate> candidates_;
    std::vector<std::string> troubles_;
    std::string python_version_;
    std::optional<bool> python_has_lock_;
};

}  // namespace plait::compare
