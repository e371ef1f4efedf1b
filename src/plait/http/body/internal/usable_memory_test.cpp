#include "plait/http/body/internal/usable_memory.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace plait::http::internal;

namespace {

/// The lowest limit of a process in `groups`, on a system with these files.
std::optional<std::size_t> limit(std::string_view groups, const std::map<std::string, std::string>& files) {
    return limit_of_control_groups(groups, [&](const std::string& path) -> std::optional<std::string> {
        const auto file = files.find(path);
        if (file == files.end()) return std::nullopt;
        return file->second;
    });
}

}  // namespace

TEST_CASE("the lowest limit of a control group and its parents holds") {
    CHECK(limit("0::/a/b\n", {{"/sys/fs/cgroup/a/b/memory.max", "max\n"}, {"/sys/fs/cgroup/a/memory.max", "4096\n"}}) ==
          4096);
    CHECK(limit("0::/a\n", {{"/sys/fs/cgroup/a/memory.max", "8192\n"}, {"/sys/fs/cgroup/memory.max", "4096\n"}}) ==
          4096);
    CHECK(limit("0::/\n", {{"/sys/fs/cgroup/memory.max", "4096\n"}}) == 4096);
}

TEST_CASE("the limit of a version 1 control group is found") {
    const std::map<std::string, std::string> files{{"/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "4096\n"},
                                                   {"/sys/fs/cgroup/cpu/a/memory.limit_in_bytes", "1\n"}};
    CHECK(limit("4:cpu,cpuacct:/a\n3:memory:/a\n", files) == 4096);
}

TEST_CASE("a process without control groups has no limit from them") {
    CHECK(limit("", {}) == std::nullopt);
    CHECK(limit("0::/a\n", {}) == std::nullopt);
    CHECK(limit("nonsense\n\n:\n", {}) == std::nullopt);
    CHECK(limit("0::/a\n", {{"/sys/fs/cgroup/a/memory.max", "max\n"}}) == std::nullopt);
}

TEST_CASE("this process may use some memory") { CHECK(usable_memory() > 0); }
