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

/// Where progress is shown.
class Screen {
  public:
    virtual ~Screen() = default;

    /// Whether a line can be written over.
    virtual bool is_terminal() const = 0;
    /// The width of a line, now.
    virtual std::size_t columns() const = 0;
    virtual void write(std::string_view text) = 0;
};

/// How far a run is.
struct ProgressState {
    std::uint64_t done = 0;
    std::optional<std::uint64_t> total{};
    std::uint64_t in_flight = 0;
    std::uint64_t not_ok = 0;
    double per_second = 0;           ///< results, lately
    std::optional<Duration> left{};  ///< until all is done; nothing: nobody knows
    std::string why{};               ///< why it waits; empty: it does not
    /// How many calls may be in flight now, where that finds itself.
    std::optional<std::uint64_t> limit{};
    std::string why_limit{};  ///< why that changed last; empty: it did not, or of several
};

/// The state on one line of at most `columns` characters: as much of it as fits, the most important first.
std::string progress_line(const ProgressState& state, std::size_t columns);

/// Shows a run's progress until it is cancelled: one status line on a terminal, else a line from time to time.
class Progress {
  public:
    /// On a terminal, how often the line is renewed.
    static constexpr Duration terminal_interval = std::chrono::milliseconds(200);
    /// Elsewhere, how often a line is written.
    static constexpr Duration log_interval = std::chrono::seconds(10);

    /// Returns how the run stands.
    using Report = std::function<RunReport()>;

    /// `screen` outlives the progress.
    Progress(Report report, Screen& screen) : report_(std::move(report)), screen_(screen) {}

    Task<void> show();

    /// Takes the status line away, so that other text can follow.
    void clear();

  private:
    void draw();

    Report report_;
    Screen& screen_;
    bool is_drawn_ = false;
};

}  // namespace plait::batch
