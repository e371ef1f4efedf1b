#pragma once

#include <cstddef>
#include <cstdint>

namespace plait::batch {

/// A process's limits on open files.
struct DescriptorLimits {
    std::uint64_t soft;
    std::uint64_t hard;
};

/// The limits of this process.
DescriptorLimits descriptor_limits();

/// The most descriptors of a page that shows the run: its connections, listeners, and connections that are closed.
constexpr std::size_t descriptors_of_a_page = 72;

/// The number of open files that so many calls in flight need, with those that a run has beside them, and `more`.
std::uint64_t descriptors_for(std::size_t concurrency, std::size_t per_call, std::size_t more = 0);

/// The soft limit that permits `needed` open descriptors: the current one, or a higher one. Throws `Error(bad_input)`
/// that says what to do if the hard limit is too low. `more` are those of a page, among the needed ones.
std::uint64_t soft_limit_for(std::uint64_t needed, const DescriptorLimits& limits, std::size_t concurrency,
                             std::size_t more = 0);

/// The number of calls, from 1 to `most`, that can have `per_call` descriptors each under the hard limit, beside
/// `more`.
std::size_t calls_within(std::size_t most, std::size_t per_call, const DescriptorLimits& limits, std::size_t more = 0);

/// The same for this process.
std::size_t calls_within_descriptors(std::size_t most, std::size_t per_call, std::size_t more = 0);

/// Raises this process's soft limit so that `concurrency` calls can have `per_call` descriptors each, beside `more`.
/// Throws as `soft_limit_for`.
void raise_descriptor_limit(std::size_t concurrency, std::size_t per_call, std::size_t more = 0);

/// Raises this process's soft limit to the hard limit.
void raise_descriptor_limit_to_most();

}  // namespace plait::batch
