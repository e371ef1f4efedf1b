#include "plait/cli/screen/run_status.hpp"

#include "plait/async/dump.hpp"
#include "plait/base/text/words.hpp"
#include "plait/batch/group/in_flight.hpp"
#include "plait/workers/inspect_remote.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace plait::cli {

namespace {

std::string worker_loops_text(const std::vector<LoopInfo>& loops, std::size_t asked, std::size_t in_all) {
    std::string text;
    for (const LoopInfo& loop : loops) text += "loop of a thread: " + to_text(loop, RunStatus::most_worker_lines);
    if (loops.size() < asked)
        text += fmt::format("{} of {} loops of threads did not answer within {}\n", asked - loops.size(), asked,
                            in_words(RunStatus::patience));
    if (asked < in_all) text += fmt::format("and {} more loops of threads\n", in_all - asked);
    return text;
}

}  // namespace

void RunStatus::show() {
    write("plait: " + batch::in_flight_text(run_.in_flight(), run_.oldest_in_flight(most_calls)) + dump());
    if (is_asking_ || run_.worker_loops().empty()) return;
    is_asking_ = true;
    beside_.start(show_worker_loops(), "status");
}

Task<void> RunStatus::show_worker_loops() {
    std::vector<LoopHandle> loops = run_.worker_loops();
    const std::size_t in_all = loops.size();
    loops.erase(loops.begin() + static_cast<std::ptrdiff_t>(std::min(in_all, most_worker_loops)), loops.end());
    const std::size_t asked = loops.size();
    const auto answers = co_await inspect(std::move(loops), patience);
    write(worker_loops_text(answers, asked, in_all));
    is_asking_ = false;
}

void RunStatus::write(std::string_view text) {
    progress_.clear();
    screen_.write(text);
}

}  // namespace plait::cli
