#pragma once

#include "plait/async/task.hpp"
#include "plait/compare/job_work.hpp"
#include "plait/compare/measurement.hpp"
#include "plait/compare/measuring_process.hpp"
#include "plait/compare/work.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace plait::compare {

/// How work is compared.
class CompareOptions {
  public:
    CompareOptions() {}

    /// The ways, in the order of their rows.
    std::vector<Way> ways;
    /// How often each way is measured. They take turns, so that what changes meanwhile changes for all.
    std::size_t repetitions = 1;
    /// Where the first repetition of each way leaves its trace, in a file of its own; empty: nowhere.
    std::string trace_folder;
    /// What Python's ways do; null: there are none. Outlives the comparer.
    const JobWork* python_work = nullptr;
    /// Called before each measurement, with the number of this one from 1 and of all.
    std::function<void(const Way& way, std::size_t number, std::size_t total)> on_begin;
};

/// The name of the trace of a way among these: `<method>.json`, or `<method>-<concurrency>.json` for a method that has
/// several.
std::string trace_name(const Way& way, const std::vector<Way>& ways);

/// Measures the same work in several ways, one after another.
class Comparer {
  public:
    /// `work` outlives the comparer. Throws Error when this process has more than one thread.
    Comparer(const Work& work, CompareOptions options);

    /// Measures all ways. One that can't be measured has no row, and the reason is in `troubles`. Cancelled, it leaves
    /// what it has measured.
    Task<void> run();

    /// The ways that were measured so far.
    Comparison result() const;

    /// Why ways have no row, a sentence each.
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
};

}  // namespace plait::compare
