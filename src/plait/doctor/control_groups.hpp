#pragma once

#include "plait/doctor/machine.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plait::doctor {

/// The numbers in a file of the kernel; nothing if it can't be read or has others than `count`.
std::optional<std::vector<double>> numbers_in(const Machine& machine, const std::string& path, std::size_t count);

/// The fraction of a processor, or the number of processors, that control groups allow; nothing: no limit.
std::optional<double> processor_quota(const Machine& machine);

/// The threads and processes that control groups allow beside those that there are; nothing: no limit.
std::optional<std::uint64_t> room_for_tasks(const Machine& machine);

}  // namespace plait::doctor
