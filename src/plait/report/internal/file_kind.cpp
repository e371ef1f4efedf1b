#include "plait/report/internal/file_kind.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace plait::report::internal {

namespace {

constexpr std::string_view accepted =
    "a trace of `plait run --trace FILE`, its results, or the folder of `plait compare --trace DIR`";

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// Whether this is a line of Gemini's batch requests. Its results begin with a key, too. What comes first decides: a
/// request may hold the response of a function.
bool is_gemini_request(std::string_view line) {
    if (!line.starts_with("{\"key\":")) return false;
    const std::size_t result = std::min(line.find("\"response\":"), line.find("\"error\":"));
    return result == std::string_view::npos || line.find("\"request\":") < result;
}

std::string_view words_for(FileKind kind) {
    switch (kind) {
        case FileKind::empty:
            return "is empty";
        case FileKind::cut_trace:
            return "is a trace that was cut in its first record, there is nothing to show";
        case FileKind::trace_events:
            return "is a Trace Event file, and plait did not write it (ui.perfetto.dev shows it)";
        case FileKind::comparison:
            return "has the figures of a comparison and no timeline";
        case FileKind::summary:
            return "is the summary of a run, without its calls";
        case FileKind::requests:
            return "is a file of requests, nothing was measured yet";
        case FileKind::compressed:
            return "is compressed, unpack it first";
        case FileKind::trace:
        case FileKind::results:
        case FileKind::other:
            break;
    }
    return "is neither a trace nor a results file of plait";
}

}  // namespace

FileKind kind_of(std::string_view beginning) {
    if (beginning.empty()) return FileKind::empty;
    if (beginning.starts_with("\x1f\x8b") || beginning.starts_with("\x28\xb5\x2f\xfd")) return FileKind::compressed;
    const auto first = beginning.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return FileKind::other;
    if (beginning[first] == '[') {
        if (has(beginning, "\"plait_trace\"")) return FileKind::trace;
        constexpr std::string_view first_record = "{\"ph\":\"M\",\"name\":\"plait_trace\"";
        const auto second = beginning.find_first_not_of(" \r\n", first + 1);
        if (second == std::string_view::npos || first_record.starts_with(beginning.substr(second))) {
            return FileKind::cut_trace;
        }
        return has(beginning, "\"ph\"") ? FileKind::trace_events : FileKind::other;
    }
    if (beginning[first] != '{') return FileKind::other;
    if (is_gemini_request(beginning.substr(first))) return FileKind::requests;
    if (has(beginning, "\"outcome\"") || has(beginning, "\"attempts\"")) return FileKind::results;
    if (has(beginning, "\"traceEvents\"")) return FileKind::trace_events;
    if (has(beginning, "\"rows\"") && has(beginning, "\"work\"")) return FileKind::comparison;
    if (has(beginning, "\"outcomes\"") && has(beginning, "\"status_codes\"")) return FileKind::summary;
    if (has(beginning, "\"url\"")) return FileKind::requests;
    return FileKind::results;
}

void refuse_kind(const std::string& name, FileKind kind) {
    throw Error(ErrorCode::bad_input, fmt::format("read {}: it {}; give {}", name, words_for(kind), accepted));
}

}  // namespace plait::report::internal
