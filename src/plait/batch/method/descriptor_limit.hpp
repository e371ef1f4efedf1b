#pragma once

#include <cstddef>
#include <cstdint>

namespace plait::batch {

/// The limits of open files of a process.
struct DescriptorLimits {
    std::uint64_t soft;
    std::uint64_t hard;
};

/// The soft limit with which `needed` descriptors can be open: as it is, or raised. Throws `Error(bad_input)` that says
/// what to do when the hard limit is too low.
std::uint64_t soft_limit_for(std::uint64_t needed, const DescriptorLimits& limits, std::size_t concurrency);

/// How many calls, at most `most`, can each have as many descriptors as `per_call`, when the soft limit is raised as
/// far as it may. At least one.
std::size_t calls_within(std::size_t most, std::size_t per_call, const DescriptorLimits& limits);

/// The same of this process.
std::size_t calls_within_descriptors(std::size_t most, std::size_t per_call);

/// Raises this process's soft limit so that `concurrency` calls can each have as many descriptors as `per_call`. Throws
/// as `soft_limit_for`.
void raise_descriptor_limit(std::size_t concurrency, std::size_t per_call);

/// Raises this process's soft limit as far as it may.
void raise_descriptor_limit_to_most();

}  // namespace plait::batch
