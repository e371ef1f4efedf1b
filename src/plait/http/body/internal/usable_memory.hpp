#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// Returns how many bytes of memory this process may use: the machine's, or less if its control groups (a container, a
/// service) or its own limit on address space are smaller. Determined once.
std::size_t usable_memory();

/// Returns the text of a file; nothing when it can't be read.
using ReadText = std::function<std::optional<std::string>(const std::string& path)>;

/// Returns the lowest memory limit of the control groups (versions 1 and 2) of a process; nothing when there is none.
/// `groups` is the text of its /proc/self/cgroup.
std::optional<std::size_t> limit_of_control_groups(std::string_view groups, const ReadText& read);

}  // namespace plait::http::internal
