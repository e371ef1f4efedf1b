#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace plait::compare {

/// A unit of a job's amount.
struct JobUnit {
    std::string_view name;
    std::uint64_t factor = 1;
};

/// A kind of job.
struct JobKind {
    std::string_view name;
    std::string_view example;
    std::string_view help;
    std::array<JobUnit, 3> units;  ///< the last ones may be empty; an empty name stands for a bare number
    std::uint64_t most;            ///< the largest amount
    std::string_view most_text;    ///< the same as text
    /// Whether it computes; otherwise it blocks its thread and waits.
    bool computes;
    /// Whether Python does it in Python code, rather than in a C library that releases the interpreter lock.
    bool keeps_python_lock;
    /// Does the job and returns its result. Blocks.
    std::string (*perform)(std::uint64_t amount);
};

/// All kinds of jobs.
extern const std::array<JobKind, 3> job_kinds;

/// The examples of all kinds, with what they do, for help and messages.
std::string known_jobs();

/// A piece of work for a processor, such as `fib:38`.
class Job {
  public:
    /// Throws `Error(bad_input)` that lists the jobs.
    static Job parse(std::string_view text);

    const std::string& name() const noexcept { return name_; }
    const JobKind& kind() const noexcept { return *kind_; }
    /// The number for `fib`, bytes for `sha256`, microseconds for `sleep`.
    std::uint64_t amount() const noexcept { return amount_; }

    std::string perform() const { return kind_->perform(amount_); }

  private:
    Job(std::string name, const JobKind& kind, std::uint64_t amount)
        : name_(std::move(name)), kind_(&kind), amount_(amount) {}

    std::string name_;
    const JobKind* kind_;
    std::uint64_t amount_;
};

}  // namespace plait::compare
