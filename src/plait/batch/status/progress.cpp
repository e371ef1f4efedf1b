#include "plait/batch/status/progress.hpp"

#include "plait/async/sleep.hpp"
#include "plait/batch/status/group_words.hpp"
#include "plait/batch/status/time_left.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace plait::batch {

namespace {

constexpr std::string_view to_line_start = "\r";
constexpr std::string_view erase_to_line_end = "\x1b[K";

/// The sum over all groups that have calls.
std::optional<std::uint64_t> found_limit(const RunReport& report) {
    std::optional<std::uint64_t> sum;
    for (const GroupReport& group : report.groups) {
        if (group.concurrency_is_adaptive && group.in_flight + group.waiting > 0)
            sum = sum.value_or(0) + group.concurrency;
    }
    return sum;
}

/// Why the limit last changed, if only one group has calls.
std::string why_limit(const RunReport& report) {
    const GroupReport* found = nullptr;
    for (const GroupReport& group : report.groups) {
        if (!group.concurrency_change || group.in_flight + group.waiting == 0) continue;
        if (found) return "";
        found = &group;
    }
    return found ? found->concurrency_change->why : "";
}

std::string time_for_people(Duration time) {
    const auto whole = std::chrono::round<std::chrono::seconds>(std::max(time, Duration::zero())).count();
    if (whole < 60) return fmt::format("{}s", whole);
    if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
    return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

struct Part {
    std::string text;
    int importance;
};

/// In display order.
std::vector<Part> parts_of(const ProgressState& state) {
    std::vector<Part> parts;
    // A file that grows may exceed a total that was counted ahead.
    const bool has_total = state.total && *state.total >= state.done;
    parts.push_back(
        {has_total ? fmt::format("{}/{}", state.done, *state.total) : fmt::format("{} done", state.done), 6});
    const double rate = state.per_second;
    parts.push_back({fmt::format("{:.{}f}/s", rate, rate < 10 ? 1 : 0), 3});
    parts.push_back({state.limit ? fmt::format("{} of {} in flight", state.in_flight, *state.limit)
                                 : fmt::format("{} in flight", state.in_flight),
                     1});
    if (state.limit && !state.why_limit.empty())
        parts.push_back({fmt::format("limit {}: {}", *state.limit, state.why_limit), 0});
    if (state.not_ok > 0) parts.push_back({fmt::format("{} not ok", state.not_ok), 5});
    if (!state.why.empty()) parts.push_back({state.why, 4});
    if (state.left) parts.push_back({time_for_people(*state.left) + " left", 2});
    return parts;
}

std::string joined(const std::vector<Part>& parts) {
    std::string line;
    for (const Part& part : parts) line += (line.empty() ? "" : "  ") + part.text;
    return line;
}

}  // namespace

std::string progress_line(const ProgressState& state, std::size_t columns) {
    std::vector<Part> parts = parts_of(state);
    std::string line = joined(parts);
    while (line.size() > columns && parts.size() > 1) {
        parts.erase(std::min_element(parts.begin(), parts.end(),
                                     [](const Part& a, const Part& b) { return a.importance < b.importance; }));
        line = joined(parts);
    }
    return line.substr(0, columns);
}

Task<void> Progress::show() {
    for (;;) {
        co_await sleep_for(screen_.is_terminal() ? terminal_interval : log_interval);
        draw();
    }
}

void Progress::draw() {
    const RunReport report = report_();
    const ProgressState state{report.done,
                              report.total,
                              report.in_flight,
                              report.done - report.count(Outcome::ok),
                              report.lately_per_second,
                              time_left(report, report.last_heard),
                              why_waiting(report, report.last_heard),
                              found_limit(report),
                              why_limit(report)};
    if (!screen_.is_terminal()) {
        screen_.write(progress_line(state, 120) + "\n");
        return;
    }
    // Leave the last column free: a character there makes some terminals wrap.
    const std::size_t columns = std::max<std::size_t>(screen_.columns(), 2) - 1;
    screen_.write(fmt::format("{}{}{}", to_line_start, progress_line(state, columns), erase_to_line_end));
    is_drawn_ = true;
}

void Progress::clear() {
    if (is_drawn_) screen_.write(fmt::format("{}{}", to_line_start, erase_to_line_end));
    is_drawn_ = false;
}

}  // namespace plait::batch
