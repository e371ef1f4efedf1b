#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/status/progress.hpp"
#include "plait/batch/status/run_report.hpp"
#include "plait/batch/status/run_report_text.hpp"
#include "plait/batch/status/stored_status.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace plait::cli {

/// Reads the status of the run that writes these results. Throws `Error` if there is none.
using ReadStatus = std::function<batch::StoredStatus(const std::string& results)>;

/// Shows the status of a run, once or until it ends.
class StatusView {
  public:
    /// The interval at which a watched status is read.
    static constexpr Duration interval = std::chrono::seconds(1);

    /// Screen and clock outlive this.
    StatusView(ReadStatus read, std::string results, batch::Screen& screen, const WallClock& clock,
               batch::Calendar calendar = batch::local_calendar)
        : read_(std::move(read)), results_(std::move(results)), screen_(screen), clock_(clock), calendar_(calendar) {}

    void show_text();
    void show_json();

    /// Shows the status until the run ends, and then how it ended. On a terminal the text is redrawn in place;
    /// elsewhere each change is a line.
    Task<void> watch_text();
    /// The same, with each change as a line of JSON.
    Task<void> watch_json();

  private:
    struct Status {
        batch::RunReport report;
        batch::Liveness liveness;
    };

    Status read() const;
    std::string text_of(const Status& status) const;
    void redraw(const std::string& text);

    ReadStatus read_;
    std::string results_;
    batch::Screen& screen_;
    const WallClock& clock_;
    batch::Calendar calendar_;
    std::size_t drawn_lines_ = 0;
};

}  // namespace plait::cli
