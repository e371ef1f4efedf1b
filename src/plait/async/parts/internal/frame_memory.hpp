#pragma once

#include <cstddef>

namespace plait::internal {

/// Storage for a coroutine frame, from the calling thread's free lists (16-byte classes up to 2 KiB, 4 KiB classes up
/// to 16 KiB, the heap above). Under the sanitizers every frame comes from the heap, so that they detect each use after
/// free.
void* allocate_frame(std::size_t size);

/// `size` is the size that was asked for. May be called on another thread than the one that allocated.
void free_frame(void* frame, std::size_t size) noexcept;

}  // namespace plait::internal
