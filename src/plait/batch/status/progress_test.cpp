#include "plait/batch/status/progress.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/batch/status/run_monitor.hpp"
#include "plait/batch/testing/fakes.hpp"
#include "plait/testing/async_test.hpp"

#include <string>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using plait::batch::internal::FakeMethod;

namespace {

class FakeScreen final : public Screen {
  public:
    explicit FakeScreen(bool is_terminal) : is_terminal_(is_terminal) {}

    bool is_terminal() const override { return is_terminal_; }
    std::size_t columns() const override { return 41; }
    void write(std::string_view text) override { written.emplace_back(text); }

    std::vector<std::string> written;

  private:
    bool is_terminal_;
};

const ProgressState half_way{500, 1000, 100, 3, 50, 10s};

/// Shows the progress of a run that has not begun for some time.
Task<void> show_for(Duration time, Screen& screen) {
    UrlSource source({"http://a.b", "http://a.b"}, RequestReader(RequestDefaults()));
    FakeMethod method;
    Runner runner(source, method, RunnerOptions(), RunnerParts());
    RunMonitor watch(runner, source, SystemWallClock::instance());
    Progress progress([&watch] { return watch.report(); }, screen);
    co_await within(time, progress.show());
    progress.clear();
}

}  // namespace

TEST_CASE("a wide line shows everything") {
    CHECK(progress_line(half_way, 80) == "500/1000  50/s  100 in flight  3 not ok  10s left");
}

TEST_CASE("a narrow line keeps what matters most") {
    CHECK(progress_line(half_way, 40) == "500/1000  50/s  3 not ok  10s left");
    CHECK(progress_line(half_way, 30) == "500/1000  50/s  3 not ok");
    CHECK(progress_line(half_way, 20) == "500/1000  3 not ok");
    CHECK(progress_line(half_way, 10) == "500/1000");
    CHECK(progress_line(half_way, 5) == "500/1");
}

TEST_CASE("without a total, or beyond it, only the results are counted") {
    CHECK(progress_line({7, std::nullopt, 2, 0, 0.7}, 80) == "7 done  0.7/s  2 in flight");
    CHECK(progress_line({7, 5, 2, 0, 0.7}, 80) == "7 done  0.7/s  2 in flight");
}

TEST_CASE("long times are in minutes and hours") {
    CHECK(progress_line({1, 126, 0, 0, 1, 125s}, 80) == "1/126  1.0/s  0 in flight  2m05s left");
    CHECK(progress_line({1, 7501, 0, 0, 1, 7500s}, 80) == "1/7501  1.0/s  0 in flight  2h05m left");
}

TEST_CASE("a run that has just begun has no rate yet") {
    CHECK(progress_line({0, 5, 0, 0, 0}, 80) == "0/5  0.0/s  0 in flight");
}

TEST_CASE("progress says why a run waits, before the time left") {
    ProgressState waiting = half_way;
    waiting.why = "waits for requests=500/m until 14:03:07";
    CHECK(progress_line(waiting, 120) ==
          "500/1000  50/s  100 in flight  3 not ok  waits for requests=500/m until 14:03:07  10s left");
    CHECK(progress_line(waiting, 60) == "500/1000  3 not ok  waits for requests=500/m until 14:03:07");
}

TEST_CASE("an adaptive limit of calls in flight is shown") {
    ProgressState finding = half_way;
    finding.limit = 120;
    CHECK(progress_line(finding, 80) == "500/1000  50/s  100 of 120 in flight  3 not ok  10s left");
    finding.why_limit = "latency rose from 20 ms to 61 ms";
    CHECK(progress_line(finding, 80) == "500/1000  50/s  100 of 120 in flight  3 not ok  10s left");
    CHECK(progress_line(finding, 120) ==
          "500/1000  50/s  100 of 120 in flight  limit 120: latency rose from 20 ms to 61 ms  3 not ok  10s left");
}

ASYNC_TEST("a terminal has one line, which is overwritten within its width and erased at the end") {
    FakeScreen screen(true);
    co_await show_for(500ms, screen);
    CHECK(screen.written ==
          std::vector<std::string>{"\r0/2  0.0/s  0 in flight\x1b[K", "\r0/2  0.0/s  0 in flight\x1b[K", "\r\x1b[K"});
}

ASYNC_TEST("without a terminal there is a line every ten seconds") {
    FakeScreen screen(false);
    co_await show_for(25s, screen);
    CHECK(screen.written == std::vector<std::string>{"0/2  0.0/s  0 in flight\n", "0/2  0.0/s  0 in flight\n"});
}
