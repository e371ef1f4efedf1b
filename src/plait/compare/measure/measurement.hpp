#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/method/methods.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace plait::compare {

/// A way to do the work: a method of plait or Python, and its concurrency.
class Way {
  public:
    Way(std::string by_, std::string method_, batch::Scheduling scheduling_, std::size_t concurrency_,
        bool adaptive_ = false)
        : by(std::move(by_)),
          method(std::move(method_)),
          scheduling(scheduling_),
          concurrency(concurrency_),
          adaptive(adaptive_) {}

    /// Threads or processes that do the work.
    std::size_t workers() const noexcept { return scheduling == batch::Scheduling::operating_system ? concurrency : 1; }
    bool is_python() const noexcept { return by != "plait"; }

    std::string by;  ///< `plait` or `python`
    std::string method;
    batch::Scheduling scheduling;
    /// Calls in flight, or workers. 1 for `sync`, and where one thread does all the computing.
    std::size_t concurrency;
    /// Whether the number of calls in flight is adaptive, which is the default. Before the measurement, `concurrency`
    /// is then its maximum.
    bool adaptive;
};

/// The figures of one run of the work in one way.
class Measurement {
  public:
    Measurement() {}

    template <class Archive>
    void serialize(Archive& archive) {
        archive(wall, cpu, in_calls, ready, done, p50, p99, peak_bytes, outcomes, refused, trouble, answer,
                most_in_flight, processors);
    }

    Duration wall{};
    /// CPU time of all its processes and threads.
    Duration cpu{};
    /// The sum of the times that the calls or jobs took.
    Duration in_calls{};
    /// The part of it that jobs spent in the kernel's queue for a processor.
    Duration ready{};
    /// The number of calls or jobs that were done.
    std::uint64_t done = 0;
    std::optional<Duration> p50;  ///< of answered calls, or of jobs
    std::optional<Duration> p99;
    /// The most calls in flight at a time.
    std::uint64_t most_in_flight = 0;
    /// The number of different processors that were seen to run the work; 0: unknown.
    std::uint64_t processors = 0;
    /// The peak memory.
    std::uint64_t peak_bytes = 0;
    /// The outcomes of calls. Jobs have none.
    std::array<std::uint64_t, batch::outcome_count> outcomes{};
    std::uint64_t refused = 0;  ///< answers 429 and 503
    std::string trouble;        ///< why the first unanswered call has no answer; empty: all were answered
    std::string answer;         ///< the result of a job
};

/// Returns the median of each figure over one or more runs. Outcomes, and what belongs to them, are those of the run
/// with the fewest ok calls.
Measurement median(const std::vector<Measurement>& runs);

/// A row of the comparison: one way and its figures.
class Row {
  public:
    Row(Way way_, Measurement measured_) : way(std::move(way_)), measured(std::move(measured_)) {}

    double per_second() const noexcept;
    std::uint64_t ok() const noexcept { return measured.outcomes[static_cast<std::size_t>(batch::Outcome::ok)]; }

    /// Returns the share (0 to 1) of the calls' or jobs' time in which nothing was computed for them: one minus all CPU
    /// time over the sum of their times. Time in which a job was ready while another program ran does not count as
    /// waiting; for calls that time is unknown. Returns nothing if they took no time.
    std::optional<double> waiting_share() const noexcept;

    /// Returns how many processors were busy on average: the CPU time over the wall time.
    double busy_processors() const noexcept;

    /// Returns the used share (0 to 1) of the processors that this way can use: one per worker, but at most those of
    /// the machine.
    double busy_share(std::size_t processors) const noexcept;

    Way way;
    Measurement measured;
};

/// The same work done in several ways, with the figures of each.
class Comparison {
  public:
    Comparison() {}

    /// Whether the work is jobs, not calls.
    bool is_of_jobs() const noexcept { return work != "calls"; }

    /// Returns the row of `sync` by the same program, if it was measured.
    const Row* sync_of(const Row& row) const noexcept;

    /// Returns how many times as fast as `sync` by the same program; nothing without such a row.
    std::optional<double> speed_up(const Row& row) const noexcept;

    std::string work;  ///< `calls`, or a job such as `fib:38`
    std::size_t calls = 0;
    std::size_t processors = 1;
    std::vector<Row> rows;
    std::string python_version;  ///< empty if Python has no rows
    /// Whether its interpreter lock lets one thread run at a time; nothing if Python has no rows.
    std::optional<bool> python_has_lock;
};

}  // namespace plait::compare
