#include "plait/cli/run/run_page.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/method/descriptor_limit.hpp"
#include "plait/watch/watched_run.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace plait::cli {

namespace {

/// Two listeners have one connection each that is not counted yet, and one that is being closed.
static_assert(watch::WatchServer::most_connections + 6 <= batch::descriptors_of_a_page);

watch::WatchServer listen(std::uint16_t port) {
    try {
        return watch::WatchServer(port);
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("--ui: {}; --ui without PORT takes a free one", error.what()));
    }
}

}  // namespace

RunPage::RunPage(std::uint16_t port) : server_(listen(port)) {}

void RunPage::serve(batch::Run& run, std::string name, batch::Screen& screen, batch::Progress& progress,
                    TaskGroup& beside) {
    const auto say = [&screen, &progress](std::string_view text) {
        progress.clear();
        screen.write(text);
    };
    watch::WatchedRun watched;
    watched.name = std::move(name);
    watched.report = [&run] { return run.report(); };
    watched.pause = [&run, say] {
        if (!run.is_paused()) say("plait: paused from the page\n");
        run.pause();
    };
    watched.resume = [&run, say] {
        if (run.is_paused()) say("plait: resumed from the page\n");
        run.resume();
    };
    watched.stop = [&run, say] {
        if (run.is_interrupted()) return;
        say("plait: stopped from the page: waiting for the calls in flight (interrupt to abandon them)\n");
        run.stop_request().ask();
        run.interrupt("stopped from the page");
    };
    say(fmt::format("plait: watch the run at {}\n", url()));
    beside.start(server_.serve(std::move(watched)), "page");
}

Task<batch::RunEnd> RunPage::finish(batch::Run& run) {
    try {
        const batch::RunEnd end = co_await run.finish();
        server_.finish(run.report());
        co_return end;
    } catch (const Error& error) {
        batch::RunReport last = run.report();
        last.stopped = error.what();
        server_.finish(last);
        throw;
    }
}

}  // namespace plait::cli
