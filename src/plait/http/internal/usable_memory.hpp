#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace plait {

/// Returns the most memory that this process may use, in bytes: the machine's, or less where its control groups (a
/// container, a service) or its own limit on address space say so. Determined once.
std::size_t usable_memory();

namespace internal {

/// Returns the text of a file; nothing when it can't be read.
using ReadText = std::function<std::optional<std::string>(const std::string& path)>;

/// Returns the lowest memory limit of a process's control groups, version 2 and 1; nothing without one. `groups` is the
/// text of its /proc/self/cgroup.
std::optional<std::size_t> limit_of_control_groups(std::string_view groups, const ReadText& read);

}  // namespace internal
}  // namespace plait
