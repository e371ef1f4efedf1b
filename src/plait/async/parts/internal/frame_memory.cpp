#include "plait/async/parts/internal/frame_memory.hpp"

#include "plait/async/parts/frame_statistics.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PLAIT_HEAP_FRAMES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PLAIT_HEAP_FRAMES 1
#endif
#endif

namespace plait {
namespace internal {
namespace {

constexpr std::size_t fine_grain = 16, fine_limit = 2048;
constexpr std::size_t coarse_grain = 4096, coarse_limit = 16384;
constexpr std::size_t fine_classes = fine_limit / fine_grain;
constexpr std::size_t class_count = fine_classes + coarse_limit / coarse_grain;
constexpr std::size_t slab_size = 256 * 1024;

constexpr std::size_t class_of(std::size_t size) {
    return size <= fine_limit ? (size - 1) / fine_grain : fine_classes + (size - 1) / coarse_grain;
}
constexpr std::size_t size_of_class(std::size_t index) {
    return index < fine_classes ? (index + 1) * fine_grain : (index - fine_classes + 1) * coarse_grain;
}

struct FreeFrame {
    FreeFrame* next;
};

struct FreeList {
    FreeFrame* first = nullptr;
    std::size_t count = 0;

    void push(void* memory) noexcept {
        first = new (memory) FreeFrame{first};
        ++count;
    }
    void* pop() noexcept {
        FreeFrame* frame = first;
        first = frame->next;
        --count;
        return frame;
    }
};

using FreeLists = std::array<FreeList, class_count>;

// Free memory left by threads that have ended. Slabs are never returned to the system: a frame may outlive the thread
// that carved it.
struct Depot {
    std::mutex mutex;
    FreeLists lists;
};
Depot& depot() {
    static Depot* const instance = new Depot;  // never destroyed: threads may end after static destructors ran
    return *instance;
}

struct ThreadFrames {
    FreeLists lists;
    std::byte* slab = nullptr;
    std::size_t slab_left = 0;
    std::ptrdiff_t in_use = 0;
    std::size_t largest = 0;

    void* carve(std::size_t index);

    void leave_to_depot() {
        Depot& left = depot();
        std::lock_guard lock(left.mutex);
        for (std::size_t i = 0; i < class_count; ++i) {
            while (lists[i].first) left.lists[i].push(lists[i].pop());
        }
        for (; slab_left >= fine_grain; slab_left -= fine_grain, slab += fine_grain) left.lists[0].push(slab);
    }

    bool take_from_depot(std::size_t index) {
        Depot& left = depot();
        std::unique_lock lock(left.mutex, std::try_to_lock);
        if (!lock || !left.lists[index].first) return false;
        lists[index] = std::exchange(left.lists[index], FreeList{});
        return true;
    }
};

// It has no destructor, so its uses need no check for "is it made yet?"; `at_thread_end` cleans up.
constinit thread_local ThreadFrames frames;

struct AtThreadEnd {
    ~AtThreadEnd() { frames.leave_to_depot(); }
};
thread_local AtThreadEnd at_thread_end;

[[gnu::noinline]] void* ThreadFrames::carve(std::size_t index) {
    static_cast<void>(&at_thread_end);  // makes it, if this is the thread's first frame
    if (take_from_depot(index)) return lists[index].pop();
    const std::size_t size = size_of_class(index);
    if (slab_left < size) {
        // The rest of the old slab is smaller than one frame of this class, but holds smaller ones.
        if (slab_left >= fine_grain) lists[class_of(std::min(slab_left, fine_limit))].push(slab);
        slab = static_cast<std::byte*>(::operator new(slab_size));
        slab_left = slab_size;
    }
    void* frame = slab;
    slab += size;
    slab_left -= size;
    return frame;
}

}  // namespace

#ifdef PLAIT_HEAP_FRAMES

void* allocate_frame(std::size_t size) {
    frames.in_use += static_cast<std::ptrdiff_t>(size);
    frames.largest = std::max(frames.largest, size);
    return ::operator new(size);
}

void free_frame(void* frame, std::size_t size) noexcept {
    frames.in_use -= static_cast<std::ptrdiff_t>(size);
    ::operator delete(frame);
}

#else

void* allocate_frame(std::size_t size) {
    ThreadFrames& mine = frames;
    mine.in_use += static_cast<std::ptrdiff_t>(size);
    if (size > mine.largest) mine.largest = size;
    if (size > coarse_limit) return ::operator new(size);
    const std::size_t index = class_of(size);
    FreeList& list = mine.lists[index];
    return list.first ? list.pop() : mine.carve(index);
}

void free_frame(void* frame, std::size_t size) noexcept {
    ThreadFrames& mine = frames;
    mine.in_use -= static_cast<std::ptrdiff_t>(size);
    if (size > coarse_limit) return ::operator delete(frame);
    mine.lists[class_of(size)].push(frame);
}

#endif

}  // namespace internal

FrameStatistics frame_statistics() noexcept {
    const internal::ThreadFrames& mine = internal::frames;
    FrameStatistics result;
    result.in_use = static_cast<std::size_t>(std::max<std::ptrdiff_t>(mine.in_use, 0));
    result.largest_frame = mine.largest;
    for (std::size_t i = 0; i < internal::class_count; ++i) {
        result.cached += mine.lists[i].count * internal::size_of_class(i);
    }
    return result;
}

}  // namespace plait
