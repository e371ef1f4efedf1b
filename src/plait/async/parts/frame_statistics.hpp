#pragma once

#include <cstddef>

namespace plait {

/// Memory of coroutine frames and task records on one thread, in bytes: rounded up, as it is handed out.
struct FrameStatistics {
    std::size_t in_use = 0;         ///< handed out and not yet returned on this thread
    std::size_t cached = 0;         ///< free, ready to be handed out again
    std::size_t largest_frame = 0;  ///< the largest frame so far; beyond 1 KiB a buffer probably lives in it
};

/// Returns those of the calling thread. Counts all that is free, so it takes some time.
FrameStatistics frame_statistics() noexcept;

}  // namespace plait
