#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/source.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace plait::compare {

/// Chooses calls that are spread evenly over all it is shown, however many come. Holds at most twice as many as it
/// chooses.
class Sampler {
  public:
    explicit Sampler(std::size_t wanted) : wanted_(wanted) {}

    void show(batch::Call call);

    /// Returns the chosen calls in their order: as many as wanted, or all there were. Call it once.
    std::vector<batch::Call> take();

  private:
    std::size_t wanted_;
    std::uint64_t shown_ = 0;
    std::uint64_t stride_ = 1;  ///< one call in so many is held
    std::vector<batch::Call> held_;
};

/// A sample of the calls of an input.
class Sample {
  public:
    Sample() {}

    std::vector<batch::Call> calls;
    std::uint64_t left_out = 0;  ///< lines that are no request, and chosen calls whose id another one has
    std::string first_left_out;  ///< what was wrong with the first of those
};

/// Returns how many of `calls` may change something on the server: their method is not a safe one (RFC 9110, section
/// 9.2.1).
std::size_t count_unsafe(const std::vector<batch::Call>& calls) noexcept;

/// Reads `source` to its end. Throws `Error(storage)` when it can't be read. `source` outlives the task.
Task<Sample> read_sample(batch::Source& source, std::size_t wanted);

}  // namespace plait::compare
