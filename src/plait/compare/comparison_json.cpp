#include "plait/compare/comparison_json.hpp"

#include "plait/base/text/json_string.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/compare/advice.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

namespace plait::compare {

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string quoted(std::string_view text) {
    std::string result;
    append_json_string(result, text);
    return result;
}

std::string milliseconds(std::optional<Duration> duration) {
    return duration ? fmt::format("{:.3f}", seconds(*duration) * 1000) : "null";
}

std::string_view scheduling_name(batch::Scheduling scheduling) {
    switch (scheduling) {
        case batch::Scheduling::nobody:
            return "nobody";
        case batch::Scheduling::operating_system:
            return "the operating system";
        case batch::Scheduling::task:
            return "the task itself";
    }
    return {};
}

std::string outcomes_json(const Row& row) {
    std::string text;
    for (std::size_t n = 0; n < batch::outcome_count; ++n) {
        text += fmt::format("{}\"{}\":{}", text.empty() ? "" : ",", batch::to_string(static_cast<batch::Outcome>(n)),
                            row.measured.outcomes[n]);
    }
    return "{" + text + "}";
}

std::string row_json(const Comparison& comparison, const Row& row) {
    const auto speed_up = comparison.speed_up(row);
    const auto waiting = row.waiting_share();
    std::string text = fmt::format("{{\"by\":\"{}\",\"method\":\"{}\",\"scheduling\":\"{}\"", row.way.by,
                                   row.way.method, scheduling_name(row.way.scheduling));
    text += fmt::format(",\"workers\":{},\"concurrency\":{},\"seconds\":{:.4f},\"speed_up\":{}", row.way.workers(),
                        row.way.concurrency, seconds(row.measured.wall),
                        speed_up ? fmt::format("{:.3f}", *speed_up) : "null");
    text += fmt::format(",\"calls_per_second\":{:.3f},\"p50_ms\":{},\"p99_ms\":{}", row.per_second(),
                        milliseconds(row.measured.p50), milliseconds(row.measured.p99));
    text += fmt::format(",\"busy_processors\":{:.4f},\"processors\":{}", row.busy_processors(),
                        row.measured.processors > 0 ? fmt::to_string(row.measured.processors) : "null");
    text += fmt::format(",\"cpu_seconds\":{:.4f},\"peak_mib\":{:.1f},\"waiting_share\":{}", seconds(row.measured.cpu),
                        static_cast<double>(row.measured.peak_bytes) / (1024 * 1024),
                        waiting ? fmt::format("{:.4f}", *waiting) : "null");
    if (!comparison.is_of_jobs()) {
        text += fmt::format(",\"outcomes\":{},\"refused\":{}", outcomes_json(row), row.measured.refused);
    }
    return text + "}";
}

}  // namespace

std::string comparison_json(const Comparison& comparison) {
    const Advice advice = advise(comparison);
    std::string rows;
    for (const Row& row : comparison.rows) rows += (rows.empty() ? "" : ",") + row_json(comparison, row);
    return fmt::format("{{\"work\":{},\"calls\":{},\"processors\":{},\"rows\":[{}],\"bound\":{},\"advice\":{}}}\n",
                       quoted(comparison.work), comparison.calls, comparison.processors, rows,
                       advice.bound ? fmt::format("\"{}\"", to_string(*advice.bound)) : "null", quoted(advice.text));
}

}  // namespace plait::compare
