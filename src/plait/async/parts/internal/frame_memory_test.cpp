#include "plait/async/parts/internal/frame_memory.hpp"

#include "plait/async/parts/frame_statistics.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::internal;

namespace {

/// The most that is handed out for a frame of this size.
std::size_t rounded(std::size_t size) {
    const std::size_t grain = size <= 2048 ? 16 : size <= 16384 ? 4096 : 1;
    return (size + grain - 1) / grain * grain;
}

}  // namespace

TEST_CASE("frames do not overlap, are aligned, and are counted") {
    std::mt19937 random(3);
    const std::size_t before = frame_statistics().in_use;
    std::vector<std::pair<unsigned char*, std::size_t>> frames;
    for (int i = 0; i < 5'000; ++i) {
        const std::size_t size = 1 + random() % (i % 50 == 0 ? 20'000 : 1'500);
        auto* frame = static_cast<unsigned char*>(allocate_frame(size));
        REQUIRE(reinterpret_cast<std::uintptr_t>(frame) % 16 == 0);
        std::memset(frame, static_cast<int>(size % 251), size);
        frames.emplace_back(frame, size);
        if (i % 3 == 0) {
            const std::size_t victim = random() % frames.size();
            std::swap(frames[victim], frames.back());
            free_frame(frames.back().first, frames.back().second);
            frames.pop_back();
        }
    }
    std::size_t sum = 0, rounded_sum = 0;
    for (auto [frame, size] : frames) {
        sum += size;
        rounded_sum += rounded(size);
        for (std::size_t i = 0; i < size; ++i) REQUIRE(frame[i] == size % 251);
    }
    const std::size_t counted = frame_statistics().in_use - before;
    CHECK(counted >= sum);
    CHECK(counted <= rounded_sum);
    for (auto [frame, size] : frames) free_frame(frame, size);
    CHECK(frame_statistics().in_use == before);
}

TEST_CASE("a frame that is given back is free, and handed out again") {
    void* const frame = allocate_frame(320);
    const FrameStatistics before = frame_statistics();
    CHECK(before.largest_frame >= 320);
    free_frame(frame, 320);
    const FrameStatistics after = frame_statistics();
    CHECK(before.in_use - after.in_use >= 320);
    if (after.cached > before.cached) CHECK(allocate_frame(312) == frame);  // not with sanitizers
}

TEST_CASE("a frame may outlive the thread that made it") {
    void* frame = nullptr;
    std::thread([&] {
        frame = allocate_frame(200);
        std::memset(frame, 1, 200);
    }).join();
    CHECK(static_cast<unsigned char*>(frame)[199] == 1);
    free_frame(frame, 200);
}
