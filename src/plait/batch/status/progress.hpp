#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/status/run_report.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace plait::batch {

/// A place for progress: a terminal or a log.
class Screen {
  public:
    virtual ~Screen() = default;

    /// Whether a line can be overwritten.
    virtual bool is_terminal() const = 0;
    /// The current width of a line.
    virtual std::size_t columns() const = 0;
    virtual void write(std::string_view text) = 0;
};

/// The progress of a run.
struct ProgressState {
    std::uint64_t done = 0;
    std::optional<std::uint64_t> total{};
    std::uint64_t in_flight = 0;
    std::uint64_t not_ok = 0;
    double per_second = 0;           ///< results, recently
    std::optional<Duration> left{};  ///< until the end; nothing if unknown
    std::string why{};               ///< why the run waits; empty if it does not
    /// The limit of calls in flight, if it is adaptive.
    std::optional<std::uint64_t> limit{};
    std::string why_limit{};  ///< why it last changed; empty if it did not, or if there are several
};

/// The state in one line of at most `columns` characters; the least important parts are omitted first.
std::string progress_line(const ProgressState& state, std::size_t columns);

/// Shows a run's progress until cancelled: on a terminal in one line, elsewhere in a new line from time to time.
class Progress {
  public:
    /// The time between two updates on a terminal.
    static constexpr Duration terminal_interval = std::chrono::milliseconds(200);
    /// The time between two lines elsewhere.
    static constexpr Duration log_interval = std::chrono::seconds(10);

    /// Returns how the run stands.
    using Report = std::function<RunReport()>;

    /// `screen` outlives the progress.
    Progress(Report report, Screen& screen) : report_(std::move(report)), screen_(screen) {}

    Task<void> show();

    /// Erases the line, so that other text can follow.
    void clear();

  private:
    void draw();

    Report report_;
    Screen& screen_;
    bool is_drawn_ = false;
};

}  // namespace plait::batch
