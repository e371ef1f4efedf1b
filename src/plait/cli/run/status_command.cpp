#include "plait/cli/run/status_command.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/terminal.hpp"

namespace plait::cli {

std::string_view StatusCommand::help() const {
    return "Show how far a run is, what it waits for and when it will end, or how it ended.";
}

Positional StatusCommand::positional() const { return {"RESULTS", "The results file of the run."}; }

std::vector<Flag> StatusCommand::flags() {
    return {
        {"--watch", "", "Refresh every second until the run ends. Without a terminal, print changes only.",
         [this](const std::string&) { watch_ = true; }},
        {"--json", "", "Print the status as JSON (docs/formats.md).", [this](const std::string&) { as_json_ = true; }},
    };
}

int StatusCommand::run() {
    if (results_.size() != 1) throw Error(ErrorCode::bad_input, "give one RESULTS: the results file of a run");
    StandardOutput screen;
    StatusView view(read_, results_.front(), screen, SystemWallClock::instance());
    if (watch_) {
        plait::run(as_json_ ? view.watch_json() : view.watch_text());
    } else if (as_json_) {
        view.show_json();
    } else {
        view.show_text();
    }
    return exit_ok;
}

}  // namespace plait::cli
