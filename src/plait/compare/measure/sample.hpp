#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/source.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace plait::compare {

/// Chooses calls that are spread evenly over all calls shown to it, however many there are: one at a random place in
/// each stretch, as calls at even distances would all be of one kind in an input whose kinds alternate. The seed is
/// fixed: the same calls give the same sample. Holds at most twice as many as it chooses.
class Sampler {
  public:
    explicit Sampler(std::size_t wanted) : wanted_(wanted) {}

    void show(batch::Call call);

    /// Returns the chosen calls in their order: as many as wanted, or all if there were fewer. Call it once.
    std::vector<batch::Call> take();

  private:
    void widen();

    std::size_t wanted_;
    std::uint64_t shown_ = 0;
    std::uint64_t stride_ = 1;        ///< one call in this many is held
    std::uint64_t chosen_place_ = 0;  ///< that of the call that is held, in the current block of `stride_`
    std::mt19937_64 random_;          // NOLINT(cert-msc32-c,cert-msc51-cpp): seeded alike on purpose
    std::vector<batch::Call> held_;
};

/// A sample of the calls of an input.
class Sample {
  public:
    Sample() {}

    std::vector<batch::Call> calls;
    std::uint64_t left_out = 0;  ///< lines that are not requests, and chosen calls with the id of another
    std::string first_left_out;  ///< what was wrong with the first of those
};

/// Returns how many of `calls` may change something on the server: their method is not safe (RFC 9110, section 9.2.1).
std::size_t count_unsafe(const std::vector<batch::Call>& calls) noexcept;

/// Reads `source` to its end. Throws `Error(storage)` when it can't be read. `source` must outlive the task.
Task<Sample> read_sample(batch::Source& source, std::size_t wanted);

}  // namespace plait::compare
