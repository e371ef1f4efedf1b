#include "plait/cli/screen/status_view.hpp"

#include "plait/base/error.hpp"
#include "plait/testing/async_test.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::cli;
using namespace std::chrono_literals;

namespace {

class FixedWallClock final : public WallClock {
  public:
    WallTime now() const override { return WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 25)) + 14h; }
};

class MemoryScreen final : public batch::Screen {
  public:
    explicit MemoryScreen(bool is_terminal, std::size_t columns = 80) : is_terminal_(is_terminal), columns_(columns) {}

    bool is_terminal() const override { return is_terminal_; }
    std::size_t columns() const override { return columns_; }
    void write(std::string_view text) override { writes.emplace_back(text); }

    std::vector<std::string> writes;

  private:
    bool is_terminal_;
    std::size_t columns_;
};

const FixedWallClock wall_clock;

/// A run with these numbers of results, one for each read; the last ends it.
ReadStatus run_of(std::vector<std::uint64_t> done) {
    return [done, look = std::size_t{0}](const std::string&) mutable {
        batch::RunReport report;
        report.began = report.last_heard = wall_clock.now();
        report.pid = 4711;
        report.done = done.at(look);
        report.has_ended = ++look == done.size();
        return batch::StoredStatus(batch::to_json(report),
                                   report.has_ended ? batch::Liveness::ended : batch::Liveness::running);
    };
}

std::string running_text(int done) {
    return "out: running since 14:00:00 (process 4711), last update 14:00:00\n  done   " + std::to_string(done) +
           "\n  now    0 in flight, 0 retries so far\n  rate   0.0/s recently, 0.0/s since the start\n";
}
const std::string ended_text = "out: finished at 14:00:00\n  done   3\n";

StatusView view_of(ReadStatus read, batch::Screen& screen) {
    return StatusView(std::move(read), "out", screen, wall_clock, batch::utc_calendar);
}

}  // namespace

TEST_CASE("a status is shown once as text or as JSON") {
    MemoryScreen screen(true);
    view_of(run_of({2, 3}), screen).show_text();
    view_of(run_of({3}), screen).show_text();
    view_of(run_of({3}), screen).show_json();
    REQUIRE(screen.writes.size() == 3);
    CHECK(screen.writes[0] == running_text(2));
    CHECK(screen.writes[1] == ended_text);
    CHECK(screen.writes[2].starts_with("{\"is_running\":false,"));
    CHECK(screen.writes[2].ends_with("}\n"));
}

ASYNC_TEST("on a terminal a watched status is redrawn in place until the run ends") {
    MemoryScreen screen(true);
    StatusView view = view_of(run_of({1, 2, 3}), screen);
    co_await view.watch_text();
    CHECK(screen.writes == std::vector<std::string>{running_text(1), "\r\x1b[4A\x1b[J" + running_text(2),
                                                    "\r\x1b[4A\x1b[J" + ended_text});
}

ASYNC_TEST("on a narrow terminal the lines of a status are cut") {
    MemoryScreen screen(true, 20);
    StatusView view = view_of(run_of({1, 3}), screen);
    co_await view.watch_text();
    REQUIRE(screen.writes.size() == 2);
    CHECK(screen.writes[0] == "out: running sin...\n  done   1\n  now    0 in fl...\n  rate   0.0/s r...\n");
    CHECK(screen.writes[1].starts_with("\r\x1b[4A\x1b[J"));
}

ASYNC_TEST("without a terminal a watched status prints a line for each change, and its text at the end") {
    MemoryScreen screen(false);
    StatusView view = view_of(run_of({1, 1, 2, 3}), screen);
    co_await view.watch_text();
    CHECK(screen.writes == std::vector<std::string>{"14:00:00  1  0.0/s  0 in flight\n",
                                                    "14:00:00  2  0.0/s  0 in flight\n", ended_text});
}

ASYNC_TEST("a watched status as JSON prints a line for each change") {
    MemoryScreen screen(true);
    StatusView view = view_of(run_of({1, 1, 3}), screen);
    co_await view.watch_json();
    REQUIRE(screen.writes.size() == 2);
    CHECK(screen.writes[0].starts_with("{\"is_running\":true,"));
    CHECK(screen.writes[1].starts_with("{\"is_running\":false,"));
}

TEST_CASE("an invalid status is refused") {
    MemoryScreen screen(true);
    StatusView view =
        view_of([](const std::string&) { return batch::StoredStatus("", batch::Liveness::ended); }, screen);
    CHECK_THROWS_AS(view.show_text(), Error);
    CHECK(screen.writes.empty());
}
