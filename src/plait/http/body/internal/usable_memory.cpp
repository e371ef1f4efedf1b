#include "plait/http/body/internal/usable_memory.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>

namespace plait::http::internal {

namespace {

std::optional<std::string> text_of_file(const std::string& path) {
    std::ifstream file(path);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

void lower(std::optional<std::size_t>& least, const std::optional<std::string>& text) {
    if (!text) return;
    std::size_t limit = 0;  // "max" is no number
    if (std::from_chars(text->data(), text->data() + text->size(), limit).ec != std::errc()) return;
    least = std::min(least.value_or(limit), limit);
}

std::size_t find_usable_memory() {
    const auto pages = static_cast<std::size_t>(std::max(::sysconf(_SC_PHYS_PAGES), 1L));
    std::size_t usable = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const auto groups = text_of_file("/proc/self/cgroup");
    if (groups) usable = std::min(usable, limit_of_control_groups(*groups, text_of_file).value_or(usable));
    rlimit space{};
    if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
        usable = std::min<std::size_t>(usable, space.rlim_cur);
    }
    return usable;
}

}  // namespace

std::size_t usable_memory() {
    static const std::size_t usable = find_usable_memory();
    return usable;
}

std::optional<std::size_t> limit_of_control_groups(std::string_view groups, const ReadText& read) {
    std::optional<std::size_t> least;
    while (!groups.empty()) {
        // A line is "number:controllers:path"; version 2 has one line, without controllers.
        const std::string_view line = groups.substr(0, groups.find('\n'));
        groups.remove_prefix(std::min(line.size() + 1, groups.size()));
        const auto first = line.find(':');
        const auto second = line.find(':', std::min(first, line.size() - 1) + 1);
        if (second == std::string_view::npos) continue;
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        if (!controllers.empty() && controllers != "memory") continue;
        const std::string root = controllers.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
        const std::string name = controllers.empty() ? "/memory.max" : "/memory.limit_in_bytes";
        // In a container the path may be the host's. The container's own limits are then at the root.
        for (std::string path(line.substr(second + 1));; path.erase(path.rfind('/'))) {
            while (path.ends_with('/')) path.pop_back();
            lower(least, read(root + path + name));
            if (path.find('/') == std::string::npos) break;
        }
    }
    return least;
}

}  // namespace plait::http::internal
