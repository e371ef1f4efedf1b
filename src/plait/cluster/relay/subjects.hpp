#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The subjects of a run, which are also what a server's permissions name (docs/cluster.md).
namespace plait::cluster {

inline constexpr std::string_view all_runs = "plait.*.all";

/// From the coordinator to all workers.
inline std::string subject_of_all(std::string_view run) { return fmt::format("plait.{}.all", run); }
/// From the coordinator to one worker.
inline std::string subject_of_worker(std::string_view run, std::uint64_t instance) {
    return fmt::format("plait.{}.w.{:016x}", run, instance);
}
/// From workers to the coordinator.
inline std::string subject_of_coordinator(std::string_view run) { return fmt::format("plait.{}.in", run); }
/// From the coordinator to itself.
inline std::string subject_of_self(std::string_view run) { return fmt::format("plait.{}.self", run); }

/// The run that a subject names; nothing if it names none.
inline std::optional<std::string> run_of(std::string_view subject) {
    constexpr std::string_view head = "plait.";
    constexpr std::size_t longest = 64;
    if (!subject.starts_with(head)) return std::nullopt;
    subject.remove_prefix(head.size());
    const auto end = subject.find('.');
    if (end == std::string_view::npos || end == 0 || end > longest) return std::nullopt;
    return std::string(subject.substr(0, end));
}

}  // namespace plait::cluster
