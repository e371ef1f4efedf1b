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

    void push(void* memory) noexcept { first = new (memory) FreeFrame{first}; }
    void* pop() noexcept {
        FreeFrame* frame = first;
        first = frame->next;
        return frame;
    }
    std::size_t count() const noexcept {
        std::size_t frames = 0;
        for (const FreeFrame* frame = first; frame; frame = frame->next) ++frames;
        return frames;
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

// Frames come and go with each call, so nothing is counted then that can be counted when somebody asks.
struct ThreadFrames {
    FreeLists lists;
    std::array<std::size_t, class_count> held{};  // in use or free, by class
    std::byte* slab = nullptr;
    std::size_t slab_left = 0;
    std::ptrdiff_t on_heap = 0;  // bytes in use
    std::size_t largest_on_heap = 0;

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
        held[index] += lists[index].count();
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
        if (slab_left >= fine_grain) {
            const std::size_t rest = class_of(std::min(slab_left, fine_limit));
            lists[rest].push(slab);
            ++held[rest];
        }
        slab = static_cast<std::byte*>(::operator new(slab_size));
        slab_left = slab_size;
    }
    void* frame = slab;
    slab += size;
    slab_left -= size;
    ++held[index];
    return frame;
}

}  // namespace

namespace {

void* allocate_on_heap(std::size_t size) {
    void* const frame = ::operator new(size);
    frames.on_heap += static_cast<std::ptrdiff_t>(size);
    frames.largest_on_heap = std::max(frames.largest_on_heap, size);
    return frame;
}

void free_on_heap(void* frame, std::size_t size) noexcept {
    frames.on_heap -= static_cast<std::ptrdiff_t>(size);
    ::operator delete(frame);
}

}  // namespace

#ifdef PLAIT_HEAP_FRAMES

void* allocate_frame(std::size_t size) { return allocate_on_heap(size); }
void free_frame(void* frame, std::size_t size) noexcept { free_on_heap(frame, size); }

#else

void* allocate_frame(std::size_t size) {
    if (size > coarse_limit) return allocate_on_heap(size);
    ThreadFrames& mine = frames;
    const std::size_t index = class_of(size);
    FreeList& list = mine.lists[index];
    return list.first ? list.pop() : mine.carve(index);
}

void free_frame(void* frame, std::size_t size) noexcept {
    if (size > coarse_limit) return free_on_heap(frame, size);
    frames.lists[class_of(size)].push(frame);
}

#endif

}  // namespace internal

FrameStatistics frame_statistics() noexcept {
    const internal::ThreadFrames& mine = internal::frames;
    FrameStatistics result;
    result.largest_frame = mine.largest_on_heap;
    std::ptrdiff_t in_use = mine.on_heap;
    for (std::size_t i = 0; i < internal::class_count; ++i) {
        const std::size_t size = internal::size_of_class(i), free = mine.lists[i].count() * size;
        result.cached += free;
        in_use += static_cast<std::ptrdiff_t>(mine.held[i] * size) - static_cast<std::ptrdiff_t>(free);
        if (mine.held[i] > 0) result.largest_frame = std::max(result.largest_frame, size);
    }
    result.in_use = static_cast<std::size_t>(std::max<std::ptrdiff_t>(in_use, 0));
    return result;
}

}  // namespace plait
