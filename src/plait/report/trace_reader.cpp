#include "plait/report/trace_reader.hpp"

#include "plait/base/error.hpp"
#include "plait/report/internal/file_kind.hpp"
#include "plait/report/internal/json_fields.hpp"
#include "plait/report/internal/line_reader.hpp"
#include "plait/report/internal/span_keeper.hpp"
#include "plait/report/internal/states_text.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <numeric>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace plait::report {

namespace {

using namespace internal;
namespace dom = simdjson::dom;

/// The longest record is that of a call with a name and thousands of states.
constexpr std::size_t longest_line = 4 * 1024 * 1024;

/// Each row of overlapping calls has a tid of its own: this times the tid of the lane, plus the row.
constexpr std::uint64_t rows_per_lane = 1'000'000;

constexpr std::uint64_t any_count = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t most_thinned = std::uint64_t{1} << 20;

constexpr std::array<std::string_view, 5> lane_kinds{"caller", "thread", "loop", "process", "worker"};

/// Returns the record in a line, without the blanks around it and the comma that leads to the next record.
std::string_view record_in(std::string_view line) {
    constexpr std::string_view blanks = " \t\r,";
    const auto first = line.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(blanks) - first + 1);
}

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// Sorts the lanes by kind and number: the file has them in the order of their first use.
void sort_lanes(Timeline& timeline) {
    const std::vector<Lane> lanes = std::move(timeline.lanes);
    std::vector<std::uint32_t> order(lanes.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto key = [&lanes](std::uint32_t lane) {
        const auto kind = std::find(lane_kinds.begin(), lane_kinds.end(), lanes[lane].kind);
        const std::string_view name = lanes[lane].name;
        return std::tuple(kind, name.size(), name);  // shorter numbers are smaller
    };
    std::stable_sort(order.begin(), order.end(), [&key](auto one, auto other) { return key(one) < key(other); });

    std::vector<std::uint32_t> place(lanes.size());
    timeline.lanes.clear();
    for (const std::uint32_t lane : order) {
        place[lane] = static_cast<std::uint32_t>(timeline.lanes.size());
        timeline.lanes.push_back(lanes[lane]);
    }
    for (Span& span : timeline.spans) span.lane = place[span.lane];
    for (LoopRun& run : timeline.loop_runs) run.lane = place[run.lane];
    for (LoopCounts& counts : timeline.loop_counts) counts.lane = place[counts.lane];
}

/// Reads the records, one after another, into a timeline.
class TraceParser {
  public:
    explicit TraceParser(std::size_t most) : keeper_(timeline_, most) {}

    bool is_begun() const { return is_begun_; }

    void read(dom::object record) {
        const std::string_view ph = needed(find_string(record, "ph"), "ph");
        const std::string_view name = find_string(record, "name").value_or("");
        if (!is_begun_) {
            if (ph != "M" || name != "plait_trace") throw_bad_input("the first record is not \"plait_trace\"");
            read_head(needed(find_object(record, "args"), "args"));
            is_begun_ = true;
            return;
        }
        const std::string_view category = find_string(record, "cat").value_or("");
        if (ph == "X" && category == "call") return read_call(record, name);
        if (ph == "X" && category == "loop") return read_loop_run(record);
        if (ph == "C" && category == "loop") return read_loop_counts(record);
        if (ph == "M" && name == "thread_name") return read_thread_name(record);
        if (ph == "M" && name == "plait_lane") return read_lane(record);
        if (ph == "M" && name == "plait_origin") return read_origin(needed(find_object(record, "args"), "args"));
        if (ph == "M" && name == "plait_end") return read_end(needed(find_object(record, "args"), "args"));
        if (ph == "i" && name == "thinned") return read_thinned(needed(find_object(record, "args"), "args"));
    }

    Timeline finish(const std::string& source) {
        keeper_.finish();
        sort_lanes(timeline_);
        timeline_.source = source;
        timeline_.is_cut = !is_ended_;
        return std::move(timeline_);
    }

  private:
    void read_head(dom::object args) {
        const std::uint64_t version = needed(find_count(args, "version", any_count), "version");
        if (version != trace_version) {
            throw_bad_input(
                fmt::format("the trace is of version {}, and this plait reads version {}", version, trace_version));
        }
        timeline_.command = find_string(args, "command").value_or("");
        timeline_.method = find_string(args, "method").value_or("");
        timeline_.concurrency = find_count(args, "concurrency", any_count).value_or(0);
        timeline_.started = find_string(args, "started").value_or("");
    }

    void read_thread_name(dom::object record) {
        const std::uint64_t tid = tid_of(record);
        const dom::object args = needed(find_object(record, "args"), "args");
        const std::string_view name = needed(find_string(args, "name"), "name");
        if (const auto lane = lane_by_tid_.find(tid); lane != lane_by_tid_.end()) {
            timeline_.lanes[lane->second].name = name;
        } else {
            last_name_ = {tid, std::string(name)};
        }
    }

    void read_lane(dom::object record) {
        const std::uint64_t tid = tid_of(record);
        const dom::object args = needed(find_object(record, "args"), "args");
        const std::string_view kind = needed(find_string(args, "kind"), "kind");
        if (std::find(lane_kinds.begin(), lane_kinds.end(), kind) == lane_kinds.end()) {
            throw_bad_input("\"kind\" must be caller, thread, loop, process or worker");
        }
        if (!lane_by_tid_.emplace(tid, static_cast<std::uint32_t>(timeline_.lanes.size())).second) {
            throw_bad_input(fmt::format("lane {} occurs twice", tid));
        }
        Lane lane;
        lane.name = last_name_.first == tid ? std::move(last_name_.second) : std::string(kind);
        lane.kind = kind;
        timeline_.lanes.push_back(std::move(lane));
    }

    void read_origin(dom::object args) {
        timeline_.origins.emplace_back(needed(find_string(args, "origin"), "origin"));
        if (find_count(args, "number", any_count) != timeline_.origins.size()) {
            throw_bad_input("the \"number\" of an origin must be one more than that of the one before");
        }
    }

    /// Keeps the connection of the last attempt.
    void read_connections(std::string_view list, Span& span) const {
        const std::string_view last = list.substr(list.rfind(' ') + 1);
        const std::size_t colon = std::min(last.find(':'), last.size());
        const auto origin = number_in(last.substr(0, colon));
        const auto connection = number_in(last.substr(std::min(colon + 1, last.size())));
        if (!origin || !connection || *origin > timeline_.origins.size()) {
            throw_bad_input("\"connections\" must be numbers of origins and connections, such as \"1:17\"");
        }
        span.origin = static_cast<std::uint32_t>(*origin);
        span.connection = *connection;
    }

    void read_call(dom::object record, std::string_view name) {
        Span span;
        span.name = name;
        place(span, tid_of(record));
        span.begin = needed(find_microseconds(record, "ts"), "ts");
        const Duration length = needed(find_microseconds(record, "dur"), "dur");
        const dom::object args = needed(find_object(record, "args"), "args");
        span.line = find_count(args, "line", any_count).value_or(0);
        span.attempt = find_count(args, "attempt", any_count).value_or(1);
        span.result = find_string(args, "result").value_or("");
        span.ok = find_bool(args, "ok").value_or(true);
        span.stands_for = one_in_;
        if (const auto connections = find_string(args, "connections")) read_connections(*connections, span);
        const std::string_view states = needed(find_string(args, "states"), "states");
        span.segments = segments_in(states);
        span.length = sum_of(span.segments);
        // Each length may have been rounded by itself.
        const Duration allowed = tenth_of_microsecond * (static_cast<Duration::rep>(span.segments.size()) + 1);
        if (span.length > length + allowed || length > span.length + allowed) {
            throw_bad_input(fmt::format("\"states\" adds up to {} us, and \"dur\" is {}", in_microseconds(span.length),
                                        in_microseconds(length)));
        }
        keeper_.add(std::move(span));
    }

    void read_loop_run(dom::object record) {
        LoopRun run;
        run.lane = lane_of(tid_of(record));
        run.begin = needed(find_microseconds(record, "ts"), "ts");
        run.length = needed(find_microseconds(record, "dur"), "dur");
        timeline_.length = std::max(timeline_.length, run.begin + run.length);
        timeline_.loop_runs.push_back(run);
    }

    void read_loop_counts(dom::object record) {
        LoopCounts counts;
        counts.lane = lane_of(tid_of(record));
        counts.when = needed(find_microseconds(record, "ts"), "ts");
        const dom::object args = needed(find_object(record, "args"), "args");
        counts.ready = needed(find_count(args, "ready", any_count), "ready");
        counts.waiting = needed(find_count(args, "waiting", any_count), "waiting");
        timeline_.length = std::max(timeline_.length, counts.when);
        timeline_.loop_counts.push_back(counts);
    }

    void read_thinned(dom::object args) {
        one_in_ = static_cast<std::uint32_t>(needed(find_count(args, "one_in", most_thinned), "one_in"));
        if (one_in_ == 0) throw_bad_input("\"one_in\" must be at least 1");
        timeline_.one_in = std::max<std::uint64_t>(timeline_.one_in, one_in_);
    }

    void read_end(dom::object args) {
        is_ended_ = true;
        read_limits(args);
        const auto outcomes = find_object(args, "outcomes");
        if (!outcomes) return;
        for (const auto& [key, value] : *outcomes) {
            std::uint64_t count = 0;
            if (value.get(count)) throw_bad_input("\"outcomes\" must be whole numbers");
            timeline_.outcomes[std::string(key)] = count;
        }
    }

    void read_limits(dom::object args) {
        dom::array limits;
        if (args["limits"].get(limits)) return;
        for (const dom::element limit : limits) {
            std::string_view sentence;
            if (limit.get(sentence)) throw_bad_input("\"limits\" must be texts");
            timeline_.limits.emplace_back(sentence);
        }
    }

    static std::uint64_t tid_of(dom::object record) { return needed(find_count(record, "tid", any_count), "tid"); }

    static double in_microseconds(Duration duration) {
        return std::chrono::duration<double, std::micro>(duration).count();
    }

    std::uint32_t lane_of(std::uint64_t tid) const {
        const auto lane = lane_by_tid_.find(tid);
        if (lane == lane_by_tid_.end())
            throw_bad_input(fmt::format("\"tid\" {} is not a lane that was named before", tid));
        return lane->second;
    }

    void place(Span& span, std::uint64_t tid) {
        if (const auto lane = lane_by_tid_.find(tid); lane != lane_by_tid_.end()) {
            span.lane = lane->second;
            return;
        }
        const std::uint64_t row = tid % rows_per_lane;
        const auto lane = lane_by_tid_.find(tid / rows_per_lane);
        if (lane == lane_by_tid_.end() || row == 0) {
            throw_bad_input(fmt::format("\"tid\" {} is not in a lane that was named before", tid));
        }
        span.lane = lane->second;
        span.row = static_cast<std::uint32_t>(row - 1);
        auto& rows = timeline_.lanes[span.lane].rows;
        rows = std::max(rows, span.row + 1);
    }

    Timeline timeline_;
    SpanKeeper keeper_;
    std::unordered_map<std::uint64_t, std::uint32_t> lane_by_tid_;
    std::pair<std::uint64_t, std::string> last_name_;  ///< of a tid that is not a lane yet
    std::uint32_t one_in_ = 1;
    bool is_begun_ = false;
    bool is_ended_ = false;
};

}  // namespace

Timeline read_trace(std::istream& input, const std::string& name, std::size_t most) {
    LineReader lines(input, name, longest_line);
    const FileKind kind = kind_of(lines.peek(telling_bytes));
    if (kind != FileKind::trace) refuse_kind(name, kind);
    dom::parser json;
    TraceParser trace(most);
    while (const auto line = lines.next()) {
        const std::string_view text = record_in(line->text);
        if (text.empty() || text == "]" || (text == "[" && !trace.is_begun())) continue;
        try {
            dom::object record;
            if (const auto error = json.parse(text.data(), text.size(), false).get(record)) {
                if (!line->has_end) break;  // cut in the middle of a record
                throw_bad_input(fmt::format("no JSON object: {}", simdjson::error_message(error)));
            }
            trace.read(record);
        } catch (const Error& error) {
            throw Error(error.code(), fmt::format("read {}: line {}: {}", name, line->number, error.what()));
        }
    }
    if (!trace.is_begun()) refuse_kind(name, FileKind::cut_trace);
    return trace.finish(name);
}

}  // namespace plait::report
