#include "plait/compare/comparer.hpp"

#include "plait/base/error.hpp"
#include "plait/compare/jobs/python.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace plait::compare {

std::string trace_name(const Way& way, const std::vector<Way>& ways) {
    const auto same_method = std::count_if(ways.begin(), ways.end(), [&way](const Way& other) {
        return other.by == way.by && other.method == way.method;
    });
    return same_method > 1 ? fmt::format("{}-{}.json", way.method, way.concurrency) : way.method + ".json";
}

Comparer::Comparer(const Work& work, CompareOptions options)
    : work_(work), options_(std::move(options)), process_(work) {
    for (const Way& way : options_.ways) candidates_.emplace_back(way);
}

Task<void> Comparer::run() {
    const std::size_t total = options_.repetitions * candidates_.size();
    std::size_t number = 0;
    for (std::size_t repetition = 0; repetition < options_.repetitions; ++repetition) {
        for (Candidate& candidate : candidates_) {
            ++number;
            if (candidate.failed) continue;
            if (options_.on_begin) options_.on_begin(candidate.way, number, total);
            co_await measure(candidate, repetition == 0);
        }
    }
}

Comparison Comparer::result() const {
    Comparison comparison;
    comparison.work = work_.name();
    comparison.calls = work_.size();
    comparison.processors = std::max(1u, std::thread::hardware_concurrency());
    comparison.python_version = python_version_;
    comparison.python_has_lock = python_has_lock_;
    for (const Candidate& candidate : candidates_) {
        if (candidate.runs.empty()) continue;
        Row& row = comparison.rows.emplace_back(candidate.way, median(candidate.runs));
        // The concurrency that was found. The number of workers is fixed, whether or not calls keep all of them busy.
        if (row.way.adaptive && row.way.workers() == 1)
            row.way.concurrency = static_cast<std::size_t>(row.measured.most_in_flight);
    }
    return comparison;
}

Task<void> Comparer::measure(Candidate& candidate, bool traced) {
    try {
        if (candidate.way.is_python()) {
            candidate.runs.push_back(co_await measure_python(candidate.way));
            check_answer(candidate);
        } else {
            std::string trace_path;
            if (traced && !options_.trace_folder.empty()) {
                trace_path = options_.trace_folder + "/" + trace_name(candidate.way, options_.ways);
            }
            candidate.runs.push_back(co_await process_.measure(candidate.way, std::move(trace_path)));
        }
    } catch (const NoPythonMethod&) {
        candidate.failed = true;
    } catch (const PythonNotFound& error) {
        note_no_python(error.what());
    } catch (const std::exception& error) {
        note_trouble(candidate, error.what());
    }
}

Task<Measurement> Comparer::measure_python(const Way& way) {
    Duration slowest{};
    for (const Candidate& candidate : candidates_) {
        if (candidate.way.is_python()) continue;
        for (const Measurement& run : candidate.runs) slowest = std::max(slowest, run.wall);
    }
    std::vector<std::string> command = options_.python_command(way);
    PythonMeasurement measurement =
        co_await compare::measure_python(std::move(command), work_.size(), python_limit(slowest));
    python_version_ = std::move(measurement.version);
    python_has_lock_ = measurement.has_lock;
    co_return std::move(measurement.measured);
}

/// Throws if the results differ: ways that do different work can't be compared.
void Comparer::check_answer(const Candidate& candidate) {
    const std::string& answer = candidate.runs.back().answer;
    for (const Candidate& other : candidates_) {
        for (const Measurement& run : other.runs) {
            if (run.answer != answer) {
                throw Error(ErrorCode::protocol, fmt::format("it found {} where {}'s {} found {}", answer, other.way.by,
                                                             other.way.method, run.answer));
            }
        }
    }
}

void Comparer::note_no_python(const std::string& what) {
    for (Candidate& candidate : candidates_) candidate.failed |= candidate.way.is_python();
    troubles_.push_back("Python has no rows: " + what);
}

void Comparer::note_trouble(Candidate& candidate, const std::string& what) {
    candidate.failed = true;
    candidate.runs.clear();
    std::string trouble =
        fmt::format("{}{} has no row: {}", candidate.way.is_python() ? "Python's " : "", candidate.way.method, what);
    troubles_.push_back(std::move(trouble));
}

}  // namespace plait::compare
