#include "plait/cli/mock_command.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/cli/descriptor_limit.hpp"
#include "plait/cli/exit_code.hpp"
#include "plait/cli/interrupts.hpp"
#include "plait/cli/values.hpp"
#include "plait/mock/mock_server.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <limits>
#include <utility>

namespace plait::cli {

namespace {

constexpr std::size_t largest_body = std::size_t{1} << 30;

/// Says where the server is, and serves. `server` outlives the task.
Task<void> serve_until_interrupted(mock::MockServer& server) {
    CancelScope serving;
    const Interrupts interrupts([&serving] { serving.cancel(); });
    fmt::print("{}\n", server.url());
    std::fflush(stdout);  // whoever started this reads the address and goes on
    co_await serving.run(server.serve());
}

}  // namespace

std::string_view MockCommand::help() const { return "Serves as the third party to rehearse against, until Ctrl-C."; }

std::vector<Flag> MockCommand::flags() {
    return {
        {"--port", "N", "Where to listen; 0: any free port, which is printed. Default: 0.",
         [this](const std::string& value) {
             options_.port =
                 static_cast<std::uint16_t>(parse_count(value, 0, std::numeric_limits<std::uint16_t>::max()));
         }},
        Flag("--host", "ADDRESS", "An address of this machine to listen at. Default: 127.0.0.1.",
             [this](const std::string& value) {
                 if (!std::exchange(has_hosts_, true)) options_.hosts.clear();
                 options_.hosts.push_back(value);
             })
            .repeatable(),
        {"--latency", "DURATION",
         "How long an answer takes, such as 90ms, or 50ms..200ms for any time between. /delay/<ms> asks for its own. "
         "Default: 0.",
         [this](const std::string& value) {
             const auto [least, most] = parse_duration_range(value);
             options_.latency = {least, most};
         }},
        {"--status", "CODE", "The status of the answers. /status/<code> asks for its own. Default: 200.",
         [this](const std::string& value) { options_.status = static_cast<int>(parse_count(value, 200, 599)); }},
        {"--body-bytes", "N", "Answers with so many bytes of text, instead of an echo of the request as JSON.",
         [this](const std::string& value) { options_.body_bytes = parse_count(value, 0, largest_body); }},
        {"--tls", "", "Serves https, with a certificate made at the start.",
         [this](const std::string&) { options_.tls = true; }},
        {"--ca-file", "FILE", "Writes that certificate to a file, for clients to trust it (plait run --cacert FILE).",
         [this](const std::string& value) { options_.ca_file = value; }},
        {"--seed", "N", "Where the random latencies begin. Default: 1.",
         [this](const std::string& value) {
             options_.seed = parse_count(value, 0, std::numeric_limits<std::size_t>::max());
         }},
    };
}

int MockCommand::run() {
    raise_descriptor_limit_to_most();
    mock::MockServer server(options_);
    plait::run(serve_until_interrupted(server));
    return exit_ok;
}

}  // namespace plait::cli
