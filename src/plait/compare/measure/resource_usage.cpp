#include "plait/compare/measure/resource_usage.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

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

/// The field `processor` of proc(5)'s stat, the 39th. The second one, a name in brackets, may have blanks in it.
void add_processor(const std::filesystem::path& stat, std::set<int>& processors) {
    std::ifstream file(stat);
    std::string text;
    std::getline(file, text);
    std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
    std::string field;
    for (int number = 3; number < 39; ++number) fields >> field;
    int processor = 0;
    if (fields >> processor) processors.insert(processor);
}

/// Adds those of a process and its descendants. They may end meanwhile.
void add_processors(const std::filesystem::path& process, std::set<int>& processors) {
    std::error_code error;
    for (std::filesystem::directory_iterator task(process / "task", error), end; !error && task != end;
         task.increment(error)) {
        add_processor(task->path() / "stat", processors);
        std::ifstream children(task->path() / "children");
        for (std::string child; children >> child;) add_processors("/proc/" + child, processors);
    }
}

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

int current_processor() noexcept { return ::sched_getcpu(); }

std::set<int> processors_of_workers() {
    std::set<int> processors;
    add_processors("/proc/self", processors);
    return processors;
}

std::uint64_t peak_bytes_with(const ResourceUsage& usage, std::size_t workers) noexcept {
    return usage.peak_bytes + workers * usage.peak_bytes_largest_child;
}

}  // namespace plait::compare
