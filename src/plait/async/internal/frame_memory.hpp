#pragma once

#include <cstddef>

namespace plait {

/// Memory of coroutine frames and task records on the calling thread, in bytes.
struct FrameStatistics {
    std::size_t in_use = 0;         ///< handed out and not yet returned on this thread
    std::size_t cached = 0;         ///< free, ready to be handed out again
    std::size_t largest_frame = 0;  ///< the largest frame asked for; beyond 1 KiB a buffer probably lives in it
};

FrameStatistics frame_statistics() noexcept;

namespace internal {

/// Storage for a coroutine frame, from the calling thread's free lists (16-byte classes up to 1 KiB, 4 KiB classes up
/// to 16 KiB, the heap above). Under the sanitizers every frame comes from the heap, so that they see each use after
/// its end.
void* allocate_frame(std::size_t size);

/// `size` is the size that was asked for. May be called on another thread than the one that allocated.
void free_frame(void* frame, std::size_t size) noexcept;

}  // namespace internal
}  // namespace plait
