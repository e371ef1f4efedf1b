#include "plait/trace/trace_file.hpp"

#include "plait/base/create_file.hpp"
#include "plait/base/error.hpp"
#include "plait/base/text/json_string.hpp"
#include "plait/trace/internal/loop_recorder.hpp"
#include "plait/trace/internal/record_text.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace plait::trace {

namespace {

using internal::RecordText;

constexpr int version = 1;
constexpr std::string_view separator = ",\n";

/// The tid of a row is this times the lane's tid, plus the row.
constexpr std::uint64_t rows_per_lane = 1'000'000;

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string_for_page(out, text);
    return out;
}

std::string name_of(LaneKind kind, std::uint64_t number) {
    const bool is_one_of_many = kind != LaneKind::caller && kind != LaneKind::loop;
    return is_one_of_many ? fmt::format("{} {}", to_string(kind), number) : std::string(to_string(kind));
}

}  // namespace

std::string_view to_string(LaneKind kind) noexcept {
    switch (kind) {
        case LaneKind::caller:
            return "caller";
        case LaneKind::thread:
            return "thread";
        case LaneKind::loop:
            return "loop";
        case LaneKind::process:
            return "process";
        case LaneKind::worker:
            return "worker";
    }
    return "?";
}

std::unique_ptr<TraceFile> TraceFile::create(const std::string& path, bool overwrite, TraceHead head, TimePoint start,
                                             OnTrouble on_trouble) {
    return std::make_unique<TraceFile>(create_file(path, overwrite), path, std::move(head), start,
                                       std::move(on_trouble));
}

TraceFile::TraceFile(UniqueFd file, std::string name, TraceHead head, TimePoint start, OnTrouble on_trouble)
    : file_(std::move(file)),
      name_(std::move(name)),
      lanes_kind_(head.lanes),
      start_(start),
      on_trouble_(std::move(on_trouble)),
      text_(std::make_unique<RecordText>(start)),
      recorder_(std::make_unique<internal::LoopRecorder>(*this, start, head.lanes == LaneKind::loop)),
      time_end_(start + dense_time),
      next_write_(start + longest_wait) {
    waiting_ = "[\n";
    RecordText::append_metadata(
        waiting_, "plait_trace", 0,
        fmt::format(R"({{"version":{},"command":{},"method":{},"workers":{},"concurrency":{},"started":{}}})", version,
                    quoted(head.command), quoted(head.method), head.workers, head.concurrency, quoted(head.started)));
    end_record();
    RecordText::append_metadata(
        waiting_, "process_name", 0,
        fmt::format(R"({{"name":{}}})", quoted(fmt::format("plait {}, {}", head.command, head.method))));
    end_record();
    // Written at once, so that a process that inherits a copy of this object has nothing to write.
    flush();
}

TraceFile::~TraceFile() { flush(); }

SpanRecorder& TraceFile::recorder() noexcept { return *recorder_; }

LaneId TraceFile::lane(LaneKind kind, std::uint64_t who) {
    const auto [found, is_new] = lane_by_who_.try_emplace({kind, who}, static_cast<LaneId>(lanes_.size() + 1));
    const LaneId id = found->second;
    if (!is_new) return id;
    lanes_.push_back({kind, name_of(kind, who), {}});
    name_tid(id, lanes_.back().name);
    RecordText::append_metadata(waiting_, "plait_lane", id, fmt::format(R"({{"kind":"{}"}})", to_string(kind)));
    end_record();
    return id;
}

void TraceFile::add(const SpanLabel& label, Span&& span) {
    if (!file_) return;
    ++spans_;
    if (!span.lane && loop_lane_ == 0) loop_lane_ = lane(LaneKind::loop);
    const LaneId id = span.lane.value_or(loop_lane_);
    place(span, lanes_[id - 1]);
    if (takes_next(span.states.end())) append(label, span, id);
    recorder_->reuse(std::move(span.states));
}

/// Finds room for the span in its lane. A worker on another machine makes many calls at a time: each has the lowest row
/// that was free when it began.
void TraceFile::place(Span& span, Lane& lane) {
    if (lane.kind == LaneKind::loop) return;
    const bool may_overlap = lane.kind == LaneKind::worker;
    const auto is_free = [&](TimePoint end) { return !may_overlap || end <= span.states.begin(); };
    auto row = std::find_if(lane.ends.begin(), lane.ends.end(), is_free);
    if (row == lane.ends.end()) row = lane.ends.insert(row, TimePoint::min());
    span.states.cut_before(*row);
    *row = span.states.end();
    span.row = static_cast<std::uint32_t>(row - lane.ends.begin()) + 1;
}

void TraceFile::append(const SpanLabel& label, const Span& span, LaneId id) {
    const std::uint64_t tid = tid_of(id, span.row);
    list_connections(label.connections);
    text_->append_call(waiting_, tid, {label.name, label.line, label.result, label.ok, label.attempt, connections_},
                       span.states);
    end_record();
    if (spans_ <= spans_with_phases) text_->append_phases(waiting_, tid, span.states, separator);
}

/// Writes the connections of the attempts as `1:17 1:18`: the number of the origin, and that of the connection. Of many
/// attempts, the last ones.
void TraceFile::list_connections(std::span<const SpanConnection> connections) {
    constexpr std::size_t most = 16;
    connections_.clear();
    for (const SpanConnection& one : connections.last(std::min(connections.size(), most))) {
        fmt::format_to(std::back_inserter(connections_), "{}{}:{}", connections_.empty() ? "" : " ",
                       number_of_origin(one.origin), one.number);
    }
}

/// Returns the number by which the records of calls name an origin, and says so on first use; 0 when there are too many
/// to remember.
std::size_t TraceFile::number_of_origin(const std::string& origin) {
    constexpr std::size_t most = 10'000;
    if (const auto known = origins_.find(origin); known != origins_.end()) return known->second;
    if (origins_.size() == most) return 0;
    const std::size_t number = origins_.size() + 1;
    origins_.emplace(origin, number);
    RecordText::append_metadata(waiting_, "plait_origin", 0,
                                fmt::format(R"({{"number":{},"origin":{}}})", number, quoted(origin)));
    end_record();
    return number;
}

/// Decides whether the next span is recorded.
bool TraceFile::takes_next(TimePoint when) {
    bool changes = adapts_to_density(when);
    if (records_until_thinner_ == 0) {
        one_in_ *= 2;
        records_until_thinner_ = records_until_thinner;
        changes = true;
    }
    const std::uint64_t one_in = one_in_ * dense_one_in_;
    if (changes) {
        text_->append_thinned(waiting_, when, one_in);
        end_record();
    }
    if (spans_ % one_in != 0) return false;
    --records_until_thinner_;
    ++records_in_time_;
    return true;
}

bool TraceFile::adapts_to_density(TimePoint when) noexcept {
    const std::uint64_t before = dense_one_in_;
    if (records_in_time_ == dense_records) {
        dense_one_in_ *= dense_step;
        records_in_time_ = 0;
        time_end_ = std::max(time_end_, when + dense_time);
    } else if (when >= time_end_) {
        // Not when they would only just fit, or the step would go back and forth.
        constexpr std::uint64_t few = dense_records / dense_step * 3 / 4;
        if (dense_one_in_ > 1 && records_in_time_ < few) dense_one_in_ /= dense_step;
        records_in_time_ = 0;
        time_end_ = when + dense_time;
    }
    return dense_one_in_ != before;
}

/// Returns the tid of a span for viewers, and names it on first use.
std::uint64_t TraceFile::tid_of(LaneId id, std::uint32_t row) {
    Lane& lane = lanes_[id - 1];
    if (lane.kind != LaneKind::loop && lane.kind != LaneKind::worker) return id;
    const std::uint64_t first = rows_per_lane * id;
    while (lane.named_rows < row) {
        ++lane.named_rows;
        name_tid(first + lane.named_rows, fmt::format("{}, call {}", lane.name, lane.named_rows));
    }
    return first + row;
}

void TraceFile::name_tid(std::uint64_t tid, std::string_view name) {
    RecordText::append_metadata(waiting_, "thread_name", tid, fmt::format(R"({{"name":{}}})", quoted(name)));
    end_record();
}

void TraceFile::close(TimePoint end, std::span<const std::pair<std::string_view, std::uint64_t>> outcomes,
                      std::span<const std::string> limits) {
    if (!file_) return;
    recorder_->finish();
    std::string args =
        fmt::format(R"({{"calls":{},"seconds":{:.6f})", spans_, std::chrono::duration<double>(end - start_).count());
    if (!outcomes.empty()) {
        args += R"(,"outcomes":{)";
        for (const auto& [outcome, count] : outcomes) {
            fmt::format_to(std::back_inserter(args), R"({}{}:{})", args.back() == '{' ? "" : ",", quoted(outcome),
                           count);
        }
        args += '}';
    }
    if (!limits.empty()) {
        args += R"(,"limits":[)";
        for (const std::string& limit : limits)
            fmt::format_to(std::back_inserter(args), "{}{}", args.back() == '[' ? "" : ",", quoted(limit));
        args += ']';
    }
    RecordText::append_metadata(waiting_, "plait_end", 0, args + '}');
    waiting_ += "\n]\n";
    flush();
    file_ = {};
}

void TraceFile::write_waiting(TimePoint now) noexcept {
    next_write_ = now + longest_wait;
    flush();
}

void TraceFile::end_record() {
    waiting_ += separator;
    if (waiting_.size() >= full_buffer) flush();
}

void TraceFile::flush() noexcept {
    if (file_) write(waiting_);
    waiting_.clear();
}

void TraceFile::write(std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t taken = ::write(file_.get(), text.data(), text.size());
        if (taken >= 0) {
            text.remove_prefix(static_cast<std::size_t>(taken));
        } else if (errno != EINTR) {
            const int error_number = errno;
            file_ = {};
            if (on_trouble_) on_trouble_(fmt::format("write {}: {}", name_, system_message(error_number)));
            return;
        }
    }
}

}  // namespace plait::trace
