#pragma once

#include "plait/report/timeline.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace plait::report::internal {

/// The content of a cell of the picture: nanoseconds by activity.
class Cell {
  public:
    std::array<float, trace::activity_count> time{};

    float at(trace::Activity activity) const { return time[static_cast<std::size_t>(activity)]; }
    float all() const;
};

/// One line of the picture: some adjacent rows of calls, over time.
struct RasterLine {
    std::string label;
    std::size_t rows = 0;
    std::vector<Cell> cells;
    std::vector<float> loop_ran;  ///< for a loop's own line, which has no cells: the share of each cell's time
};

/// A timeline as a grid of `columns` cells over the time from 0 to `axis`.
class Raster {
  public:
    Raster() {}

    Duration axis{};
    std::size_t columns = 0;
    std::vector<RasterLine> lines;

    /// The length of a cell of one row, in nanoseconds.
    double cell_length() const { return static_cast<double>(axis.count()) / static_cast<double>(columns); }
};

/// Returns the share of a cell's time from which a short run is drawn: 0, unless more than half of the cells have one,
/// because then all of them would look busy.
float least_run(const Raster& raster);

/// Draws the timeline in about `most_lines` lines, and at most twice as many. Rows of calls are folded together,
/// separately for each loop, below a line that shows when the loop itself ran. `columns` is at least 1.
Raster make_raster(const Timeline& timeline, Duration axis, std::size_t columns, std::size_t most_lines);

/// Returns the times of the marks on an axis of `columns`, at least `apart` columns apart: 0, and multiples of 1, 2 or
/// 5 times a power of ten.
std::vector<Duration> marks_of(Duration axis, std::size_t columns, std::size_t apart);

}  // namespace plait::report::internal
