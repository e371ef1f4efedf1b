#include "plait/doctor/control_groups.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>

namespace plait::doctor {

namespace {

/// The path of a process's control group for `controller`, in version 1, or in version 2 if that is empty.
std::optional<std::string> group_path(const std::string& groups, std::string_view controller) {
    std::istringstream lines(groups);
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find(':');
        const auto second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
        const bool is_it =
            controller.empty() ? names == ",," : names.find("," + std::string(controller) + ",") != std::string::npos;
        if (is_it) return line.substr(second + 1);
    }
    return std::nullopt;
}

/// Calls `look` with the folder of a group and of each group around it.
template <class Look>
void for_each_group(const std::string& root, std::string path, Look look) {
    for (;;) {
        while (path.ends_with('/')) path.pop_back();
        look(root + path);
        const auto slash = path.rfind('/');
        if (slash == std::string::npos) return;
        path.resize(slash);
    }
}

/// Calls `look` with each folder of this process for `controller`, in either version of control groups.
template <class Look>
void for_each_folder(const Machine& machine, std::string_view controller, Look look) {
    const std::string groups = machine.text_of("/proc/self/cgroup").value_or("");
    if (const auto path = group_path(groups, "")) for_each_group("/sys/fs/cgroup", *path, look);
    if (const auto path = group_path(groups, controller))
        for_each_group("/sys/fs/cgroup/" + std::string(controller), *path, look);
}

}  // namespace

std::optional<std::vector<double>> numbers_in(const Machine& machine, const std::string& path, std::size_t count) {
    const std::optional<std::string> text = machine.text_of(path);
    if (!text) return std::nullopt;
    std::istringstream stream(*text);
    std::vector<double> numbers;
    for (double number = 0; stream >> number;) numbers.push_back(number);
    return numbers.size() == count ? std::optional(numbers) : std::nullopt;
}

std::optional<double> processor_quota(const Machine& machine) {
    std::optional<double> least;
    const auto note = [&least](double quota, double period) {
        if (quota > 0 && period > 0) least = std::min(least.value_or(quota / period), quota / period);
    };
    for_each_folder(machine, "cpu", [&](const std::string& folder) {
        if (const auto limit = numbers_in(machine, folder + "/cpu.max", 2)) note((*limit)[0], (*limit)[1]);
        const auto quota = numbers_in(machine, folder + "/cpu.cfs_quota_us", 1);
        const auto period = numbers_in(machine, folder + "/cpu.cfs_period_us", 1);
        if (quota && period) note(quota->front(), period->front());
    });
    return least;
}

std::optional<std::uint64_t> room_for_tasks(const Machine& machine) {
    std::optional<std::uint64_t> least;
    for_each_folder(machine, "pids", [&](const std::string& folder) {
        const auto most = numbers_in(machine, folder + "/pids.max", 1);  // it may be `max`
        const auto used = numbers_in(machine, folder + "/pids.current", 1);
        if (!most || !used) return;
        const auto room = static_cast<std::uint64_t>(std::max(0.0, most->front() - used->front()));
        least = std::min(least.value_or(room), room);
    });
    return least;
}

}  // namespace plait::doctor
