#include "plait/compare/resource_usage.hpp"

#include <sys/resource.h>

#include <fstream>

namespace plait::compare {

namespace {

constexpr std::uint64_t kibibyte = 1024;

rusage usage_of(int who) {
    rusage usage{};
    ::getrusage(who, &usage);  // can't fail: `who` is valid, and so is the address
    return usage;
}

Duration duration_of(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

Duration cpu_of(const rusage& usage) { return duration_of(usage.ru_utime) + duration_of(usage.ru_stime); }

std::uint64_t peak_of(const rusage& usage) { return static_cast<std::uint64_t>(usage.ru_maxrss) * kibibyte; }

}  // namespace

ResourceUsage resource_usage() noexcept {
    const rusage own = usage_of(RUSAGE_SELF);
    const rusage below = usage_of(RUSAGE_CHILDREN);
    return {cpu_of(own) + cpu_of(below), peak_of(own), peak_of(below)};
}

Duration ready_time() noexcept {
    // The fields, by proc(5): the time on a processor, the time in a run queue (both in ns), and how often it ran.
    std::ifstream file("/proc/thread-self/schedstat");
    Duration::rep on_processor = 0;
    Duration::rep in_queue = 0;
    file >> on_processor >> in_queue;
    return Duration(file ? in_queue : 0);
}

std::uint64_t peak_bytes_with(const ResourceUsage& usage, std::size_t workers) noexcept {
    return usage.peak_bytes + workers * usage.peak_bytes_largest_child;
}

}  // namespace plait::compare
