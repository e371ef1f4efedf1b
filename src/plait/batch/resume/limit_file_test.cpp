#include "plait/batch/resume/limit_file.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/testing/test_folder.hpp"
#include "plait/policy/pace/rate_limit.hpp"
#include "plait/testing/async_test.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using plait::batch::internal::content_of;
using plait::batch::internal::TestFolder;
using policy::SlidingWindow;

namespace {

/// A calendar that follows the test's clock, and can be set.
class SetCalendar final : public WallClock {
  public:
    WallTime now() const override { return WallTime(plait::now().time_since_epoch() + ahead); }
    Duration ahead = 400'000h;
};

const policy::RateLimit per_minute("requests", 20, 60s);
const policy::RateLimit tokens_per_hour("tokens", 1000, 3600s);

/// A file of one run, opened by one process after another.
class Kept {
  public:
    std::unique_ptr<LimitFile> open(std::string_view run_id = "run") {
        return std::make_unique<LimitFile>(path, run_id, kept, calendar);
    }
    /// The process ends normally.
    void close(LimitFile& file) {
        kept = file.to_keep();
        std::filesystem::remove(path);
    }

    TestFolder folder;
    std::string path = folder.file("results.plait-limits");
    std::string kept;
    SetCalendar calendar;
};

/// What was sent before, how long ago and how much, such as `30 s: 2, 10 s: 1`.
std::string before(LimitFile& file, std::string_view group, const policy::RateLimit& limit) {
    std::string text;
    for (const SlidingWindow::Sent& sent : file.of_group(group)->before(limit)) {
        const auto ago = std::chrono::round<std::chrono::seconds>(now() - sent.last).count();
        text += fmt::format("{}{} s: {}", text.empty() ? "" : ", ", ago, sent.amount);
    }
    return text;
}

}  // namespace

ASYNC_TEST("the next process knows what was sent, by group and limit, whether this one was killed or closed") {
    for (const bool is_killed : {true, false}) {
        CAPTURE(is_killed);
        Kept files;
        {
            const auto file = files.open();
            const auto a = file->of_group("a");
            const auto b = file->of_group("b \"\n");
            a->sent(per_minute, 0, {now(), 1});
            co_await sleep_for(5s);
            a->sent(per_minute, 0, {now(), 2});  // the same moment: it replaces the earlier amount
            a->sent(per_minute, 1, {now(), 1});
            a->sent(tokens_per_hour, 0, {now(), 812.5});
            b->sent(per_minute, 0, {now() - 1s, 3});
            if (!is_killed) files.close(*file);
        }
        co_await sleep_for(10s);
        const auto next = files.open();
        CHECK(before(*next, "a", per_minute) == "10 s: 2, 10 s: 1");
        CHECK(before(*next, "a", tokens_per_hour) == "10 s: 812.5");
        CHECK(before(*next, "b \"\n", per_minute) == "11 s: 3");
        CHECK(before(*next, "c", per_minute) == "");
    }
}

ASYNC_TEST("past windows are forgotten, and moments begin at 0 in each process") {
    Kept files;
    {
        const auto file = files.open();
        const auto log = file->of_group("a");
        for (SlidingWindow::Moment moment = 0; moment < 10; ++moment) {
            log->sent(per_minute, moment, {now(), 1});
            co_await sleep_for(10s);
        }
    }
    {
        const auto file = files.open();
        CHECK(before(*file, "a", per_minute) == "60 s: 1, 50 s: 1, 40 s: 1, 30 s: 1, 20 s: 1, 10 s: 1");
        file->of_group("a")->sent(per_minute, 5, {now(), 4});
    }
    const auto file = files.open();
    CHECK(before(*file, "a", per_minute) == "60 s: 1, 50 s: 1, 40 s: 1, 30 s: 1, 20 s: 1, 0 s: 4");
    co_await sleep_for(10min);
    CHECK(files.open()->to_keep() == "");
}

ASYNC_TEST("a calendar that was set back or ahead delays nothing for longer than a window") {
    Kept files;
    files.open()->of_group("a")->sent(per_minute, 0, {now(), 1});
    files.calendar.ahead -= 100h;
    CHECK(before(*files.open(), "a", per_minute) == "0 s: 1");
    files.calendar.ahead += 200h;
    CHECK(before(*files.open(), "a", per_minute) == "");
    co_return;
}

ASYNC_TEST("a limit of a new window takes over the sends of the longest window of its unit, for good") {
    Kept files;
    {
        const auto file = files.open();
        const auto log = file->of_group("a");
        log->sent(per_minute, 0, {now(), 1});
        log->sent(policy::RateLimit("requests", 500, 3600s), 0, {now(), 17});
    }
    const policy::RateLimit per_ten_minutes("requests", 100, 600s);
    {
        const auto file = files.open();
        CHECK(before(*file, "a", per_ten_minutes) == "0 s: 17");
        file->of_group("a")->sent(per_ten_minutes, 1, {now(), 1});
    }
    CHECK(before(*files.open(), "a", per_ten_minutes) == "0 s: 17, 0 s: 1");
    co_return;
}

ASYNC_TEST("a file of another run, or of no run at all, is not taken over") {
    Kept files;
    files.open("other run")->of_group("a")->sent(per_minute, 0, {now(), 1});
    CHECK(before(*files.open(), "a", per_minute) == "");
    files.folder.write("results.plait-limits", std::string(4096, '\0'));
    CHECK(before(*files.open(), "a", per_minute) == "");
    co_return;
}

ASYNC_TEST("a line that was cut when the process was killed is ignored") {
    Kept files;
    {
        const auto log = files.open();
        log->of_group("a")->sent(per_minute, 0, {now(), 1});
    }
    std::ofstream(files.path, std::ios::app) << R"({"group":"a","unit":"requests","window_s":60,"mom)";
    CHECK(before(*files.open(), "a", per_minute) == "0 s: 1");
    co_return;
}

ASYNC_TEST("a file of the first version is read exactly, and only its owner can read it") {
    Kept files;
    files.calendar.ahead = 1'764'445'256s - now().time_since_epoch();
    files.folder.write("results.plait-limits",
                       R"({"plait_limits":1,"run_id":"run"})"
                       "\n"
                       R"({"group":"https://api.example","unit":"requests","window_s":60,"moment":7,)"
                       R"("last_us":1764445226000000,"amount":17})"
                       "\n");
    const auto file = files.open();
    CHECK(before(*file, "https://api.example", per_minute) == "30 s: 17");
    CHECK(content_of(files.path) == R"({"plait_limits":1,"run_id":"run"})"
                                    "\n"
                                    R"({"group":"https://api.example","unit":"requests","window_s":60,"moment":0,)"
                                    R"("last_us":1764445226000000,"amount":17})"
                                    "\n");
    struct stat status {};
    REQUIRE(::stat(files.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    co_return;
}

ASYNC_TEST("the file does not grow with past windows") {
    Kept files;
    const auto file = files.open();
    const auto log = file->of_group("a");
    for (SlidingWindow::Moment moment = 0; moment < 100'000; ++moment) {
        log->sent(per_minute, moment, {now(), 1});
        co_await sleep_for(60ms);
    }
    CHECK(std::filesystem::file_size(files.path) < 2 * LimitFile::large);
    const std::vector<SlidingWindow::Sent> left = files.open()->of_group("a")->before(per_minute);
    CHECK(left.size() >= 1000);
    CHECK(left.size() <= 1101);
}
