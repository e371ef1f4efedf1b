#include "plait/report/internal/raster.hpp"

#include "plait/report/internal/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace plait::report::internal {

namespace {

/// If there are more loops than this, one line shows the runs of all of them.
constexpr std::size_t most_loops_apart = 4;

/// Lanes that are drawn together.
struct Group {
    std::string name;
    std::size_t first_lane = 0;
    std::size_t lanes = 0;
    std::size_t rows = 0;
    std::vector<std::size_t> loops;  ///< lanes whose runs are shown in a line above the group
};

constexpr std::size_t none = static_cast<std::size_t>(-1);

/// Where a lane is drawn. The line of each row is computed on demand, because a file can claim any number of rows.
struct Band {
    std::size_t first_line = 0;
    std::size_t lines = 0;  ///< the lines of the whole group, for all of its `rows`
    std::size_t rows = 0;
    std::size_t first_row = 0;  ///< of this lane
    std::size_t loop_line = none;
    std::size_t loops = 0;  ///< the number of loops that share this line

    /// Line i starts with row `rows * i / lines`.
    std::size_t line_of(std::size_t row) const { return first_line + (lines * (first_row + row + 1) - 1) / rows; }
};

bool is_loop(const Lane& lane) { return lane.kind == "loop"; }

/// Groups lanes: each loop alone, with its calls below it; otherwise neighbours of one kind together; and all lanes
/// together if these are too many groups.
std::vector<Group> group(const std::vector<Lane>& lanes, std::size_t most_groups) {
    const auto loops = static_cast<std::size_t>(std::count_if(lanes.begin(), lanes.end(), is_loop));
    std::vector<Group> groups;
    std::size_t rows = 0;
    const Lane* before = nullptr;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        const Lane& lane = lanes[i];
        const bool stands_alone = is_loop(lane) && loops <= most_loops_apart;
        if (!before || before->kind != lane.kind || stands_alone) {
            groups.push_back({stands_alone ? lane.name : lane.kind, i, 0, 0, {}});
        }
        ++groups.back().lanes;
        groups.back().rows += lane.rows;
        if (is_loop(lane)) groups.back().loops.push_back(i);
        rows += lane.rows;
        before = &lane;
    }
    if (groups.size() <= most_groups) return groups;
    Group all{"", 0, lanes.size(), rows, {}};
    for (const Group& one : groups) all.loops.insert(all.loops.end(), one.loops.begin(), one.loops.end());
    return {all};
}

std::string rows_label(const Group& group, const Timeline& timeline, std::size_t first, std::size_t last) {
    const bool is_call =
        !group.loops.empty() || group.name == "unknown" || group.name.empty() || group.rows > group.lanes;
    if (!is_call && timeline.lanes.size() == 1) return timeline.lanes.front().name;
    const std::string_view name = is_call ? noun_of(timeline) : std::string_view(group.name);
    if (first == last) return fmt::format("{} {}", name, first);
    return fmt::format("{} {}-{}", name, first, last);
}

class Painter {
  public:
    explicit Painter(Raster& raster) : raster_(raster), cell_(raster.cell_length()) {}

    /// Calls `take` with the part of [begin, begin + length) in each cell.
    template <class Take>
    void spread(Duration begin, Duration length, Take take) const {
        if (cell_ <= 0 || length <= Duration::zero()) return;
        const auto from = static_cast<double>(begin.count());
        const double to =
            std::min(from + static_cast<double>(length.count()), static_cast<double>(raster_.axis.count()));
        for (auto column = static_cast<std::size_t>(from / cell_); column < raster_.columns; ++column) {
            const double left = std::max(from, static_cast<double>(column) * cell_);
            const double right = std::min(to, static_cast<double>(column + 1) * cell_);
            if (right > left) take(column, static_cast<float>(right - left));
            if (right >= to) break;
        }
    }

    void paint(const Span& span, RasterLine& line) const {
        Duration at = span.begin;
        for (const trace::Segment& segment : span.segments) {
            spread(at, segment.length, [&](std::size_t column, float time) {
                line.cells[column].time[static_cast<std::size_t>(segment.activity)] += time;
            });
            at += segment.length;
        }
    }

    void paint(const LoopRun& run, RasterLine& line, std::size_t loops) const {
        const auto whole = static_cast<float>(cell_ * static_cast<double>(loops));
        spread(run.begin, run.length, [&](std::size_t column, float time) { line.loop_ran[column] += time / whole; });
    }

  private:
    Raster& raster_;
    double cell_;
};

}  // namespace

float Cell::all() const { return std::accumulate(time.begin(), time.end(), 0.0F); }

float least_run(const Raster& raster) {
    constexpr float seen_among_many = 0.1F;
    std::size_t taken = 0;
    std::size_t ran = 0;
    for (const RasterLine& line : raster.lines) {
        for (const Cell& cell : line.cells) {
            if (cell.all() > 0) ++taken;
            if (cell.at(trace::Activity::running) > 0) ++ran;
        }
    }
    return 2 * ran > taken ? seen_among_many : 0;
}

Raster make_raster(const Timeline& timeline, Duration axis, std::size_t columns, std::size_t most_lines) {
    Raster raster;
    raster.axis = axis;
    raster.columns = columns;

    std::size_t rows = 0;
    for (const Lane& lane : timeline.lanes) rows += lane.rows;
    std::vector<Band> bands;  // one for each lane
    for (const Group& one : group(timeline.lanes, std::max<std::size_t>(1, most_lines / 2))) {
        std::size_t loop_line = none;
        if (!one.loops.empty() && !timeline.loop_runs.empty()) {
            loop_line = raster.lines.size();
            RasterLine line;
            line.label = one.loops.size() == 1 ? timeline.lanes[one.loops.front()].name : "loops";
            line.loop_ran.resize(columns);
            raster.lines.push_back(std::move(line));
        }
        const std::size_t share = std::max<std::size_t>(1, most_lines * one.rows / std::max<std::size_t>(1, rows));
        const std::size_t lines = std::min(share, one.rows);
        std::size_t row = 0;
        for (std::size_t i = 0; i < one.lanes; ++i) {
            bands.push_back({raster.lines.size(), lines, one.rows, row, loop_line, one.loops.size()});
            row += timeline.lanes[one.first_lane + i].rows;
        }
        for (std::size_t i = 0; i < lines; ++i) {
            const std::size_t begin = one.rows * i / lines;
            const std::size_t end = one.rows * (i + 1) / lines;
            RasterLine line;
            line.label = rows_label(one, timeline, begin + 1, end);
            line.rows = end - begin;
            line.cells.resize(columns);
            raster.lines.push_back(std::move(line));
        }
    }
    const Painter painter(raster);
    for (const Span& span : timeline.spans) {
        painter.paint(span, raster.lines[bands[span.lane].line_of(span.row)]);
    }
    for (const LoopRun& run : timeline.loop_runs) {
        const Band& band = bands[run.lane];
        if (band.loop_line != none) painter.paint(run, raster.lines[band.loop_line], band.loops);
    }
    return raster;
}

std::vector<Duration> marks_of(Duration axis, std::size_t columns, std::size_t apart) {
    std::vector<Duration> marks{Duration::zero()};
    const double least = static_cast<double>(axis.count()) * static_cast<double>(apart) /
                         static_cast<double>(std::max<std::size_t>(1, columns));
    Duration::rep step = 1;
    for (Duration::rep power = 1; static_cast<double>(step) < least; power *= 10) {
        for (const Duration::rep digit : {1, 2, 5, 10}) {
            step = power * digit;
            if (static_cast<double>(step) >= least) break;
        }
    }
    for (Duration mark{step}; mark <= axis; mark += Duration{step}) marks.push_back(mark);
    return marks;
}

}  // namespace plait::report::internal
