#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <set>

namespace plait::compare {

/// The resources that this process and its children have used so far.
struct ResourceUsage {
    /// CPU time of this process, and of its descendants that have ended and were waited for.
    Duration cpu{};
    std::uint64_t peak_bytes = 0;                ///< of this process
    std::uint64_t peak_bytes_largest_child = 0;  ///< of its descendants; 0 without any
};

ResourceUsage resource_usage() noexcept;

/// Returns how long this thread was ready so far while another one ran; 0 where the kernel does not say.
Duration ready_time() noexcept;

/// The processor that the caller runs on.
int current_processor() noexcept;

/// The processors that all threads of this process and of its descendants last ran on, as far as the kernel says.
std::set<int> processors_of_workers();

/// Returns an upper bound of the memory that a process and its `workers` used together: each worker counts as the
/// largest of them, and shared pages count for each.
std::uint64_t peak_bytes_with(const ResourceUsage& usage, std::size_t workers) noexcept;

}  // namespace plait::compare
