#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <cstdint>

namespace plait::compare {

/// What this process and those it has started have used so far.
struct ResourceUsage {
    /// Of this process, and of the processes below it that have ended and were waited for.
    Duration cpu{};
    std::uint64_t peak_bytes = 0;                ///< of this process
    std::uint64_t peak_bytes_largest_child = 0;  ///< of those below it; 0 without any
};

ResourceUsage resource_usage() noexcept;

/// How long this thread could have run so far, and another one ran; 0 where the kernel does not tell.
Duration ready_time() noexcept;

/// The most memory that a process and its `workers` can have had together: each worker counts as the largest process
/// below this one. An upper bound, because they share pages.
std::uint64_t peak_bytes_with(const ResourceUsage& usage, std::size_t workers) noexcept;

}  // namespace plait::compare
