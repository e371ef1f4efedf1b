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

/// A way to do the work: a method of ours or of Python's, and how much it does at a time.
class Way {
  public:
    Way(std::string by_, std::string method_, batch::Scheduling switcher_, std::size_t concurrency_,
        bool finds_itself_ = false)
        : by(std::move(by_)),
          method(std::move(method_)),
          switcher(switcher_),
          concurrency(concurrency_),
          finds_itself(finds_itself_) {}

    /// Threads or processes that do the work.
    std::size_t workers() const noexcept { return switcher == batch::Scheduling::operating_system ? concurrency : 1; }
    bool is_python() const noexcept { return by != "plait"; }

    std::string by;  ///< `plait` or `python`
    std::string method;
    batch::Scheduling switcher;
    /// Calls in flight, or workers. For `sync`, and where one thread computes, 1.
    std::size_t concurrency;
    /// The number of calls in flight finds itself, as by default; before it is measured `concurrency` is the most.
    bool finds_itself;
};

/// What it took to do the work once in one way.
class Measurement {
  public:
    Measurement() {}

    template <class Archive>
    void serialize(Archive& archive) {
        archive(wall, cpu, in_calls, ready, done, p50, p99, peak_bytes, outcomes, refused, trouble, answer,
                most_in_flight);
    }

    Duration wall{};
    /// Of all its processes and threads.
    Duration cpu{};
    /// How long the calls or jobs took, added up.
    Duration in_calls{};
    /// Of that, what jobs spent in the kernel's queue for a processor.
    Duration ready{};
    /// Calls or jobs.
    std::uint64_t done = 0;
    std::optional<Duration> p50;  ///< of a call that was answered, or of a job
    std::optional<Duration> p99;
    /// Of calls, at a time.
    std::uint64_t most_in_flight = 0;
    /// At most so much memory at a time.
    std::uint64_t peak_bytes = 0;
    /// Of calls. Jobs have none.
    std::array<std::uint64_t, batch::outcome_count> outcomes{};
    std::uint64_t refused = 0;  ///< answers 429 and 503
    std::string trouble;        ///< why the first call without an answer had none; empty: all were answered
    std::string answer;         ///< what a job found out
};

/// The medians of what several runs took, number by number; outcomes and all that belongs to them are those of the run
/// with the fewest calls that are ok. Of at least one.
Measurement median(const std::vector<Measurement>& runs);

/// A row of the comparison: what one way took.
class Row {
  public:
    Row(Way way_, Measurement measured_) : way(std::move(way_)), measured(std::move(measured_)) {}

    double per_second() const noexcept;
    std::uint64_t ok() const noexcept { return measured.outcomes[static_cast<std::size_t>(batch::Outcome::ok)]; }

    /// Of the time that calls or jobs took, the share in which nothing was computed for them (0 to 1): one minus the
    /// CPU time of the whole over the sum of how long each took. That a job could run while another program ran is no
    /// waiting either; of calls that is not known. Nothing when they took no time.
    std::optional<double> waiting_share() const noexcept;

    /// The share that was used (0 to 1) of the processors that this way could have used: as many as it has workers, if
    /// there are so many.
    double busy_share(std::size_t processors) const noexcept;

    Way way;
    Measurement measured;
};

/// The same work, done in several ways.
class Comparison {
  public:
    Comparison() {}

    /// Whether the work is computing, not making calls.
    bool is_of_jobs() const noexcept { return work != "calls"; }

    /// The row of `sync` by the same, if it was measured.
    const Row* sync_of(const Row& row) const noexcept;

    /// How many times as fast as `sync` by the same; nothing without it.
    std::optional<double> speed_up(const Row& row) const noexcept;

    std::string work;  ///< `calls`, or a job such as `fib:38`
    std::size_t calls = 0;
    std::size_t processors = 1;
    std::vector<Row> rows;
    std::string python_version;  ///< empty without rows of its
};

}  // namespace plait::compare
