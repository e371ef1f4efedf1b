#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace plait {

/// How many bytes of memory this process may use at most: the machine's, or less where its control groups (a container,
/// a service) or its own limit on address space say so. Found out once.
std::size_t usable_memory();

namespace internal {

/// The text of a file; nothing when it can't be read.
using ReadText = std::function<std::optional<std::string>(const std::string& path)>;

/// The least limit of memory of the control groups in which a process is, version 2 and 1; nothing without one.
/// `groups` is the text of its /proc/self/cgroup.
std::optional<std::size_t> limit_of_control_groups(std::string_view groups, const ReadText& read);

}  // namespace internal
}  // namespace plait
