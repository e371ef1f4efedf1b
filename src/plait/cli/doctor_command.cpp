#include "plait/cli/doctor_command.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/cli/flags/values.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/output.hpp"
#include "plait/cli/screen/output_paths.hpp"
#include "plait/doctor/machine.hpp"
#include "plait/doctor/server.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <iterator>
#include <utility>

namespace plait::cli {

namespace {

constexpr std::size_t most_concurrency = 1'000'000;

/// A server that does not answer within this time is in no shape for a large run.
constexpr Duration patience = std::chrono::seconds(10);

}  // namespace

std::string_view DoctorCommand::help() const { return "Say what is wrong with this machine for a large run."; }

std::string_view DoctorCommand::notes() const {
    return "Prints a line for each check: ok; warn, if a run works but slower or less safely; or wrong, if calls would "
           "fail. Checks open files, local ports, trusted certificates, proxies, the disk of the results, processors, "
           "memory and timers; with URL, the server and this machine's clock. Exit code: 0 if nothing is wrong, else "
           "1.";
}

Positional DoctorCommand::positional() const {
    return {"[URL]",
            "A server of the run. It gets one HEAD request, without credentials, and its Date is compared with the "
            "clock.",
            false};
}

std::vector<Flag> DoctorCommand::flags() {
    return joined(
        std::vector<Flag>{
            {"-o,--output", "FILE",
             "Check that a run can write this file of results, and the disk where it is. Default: the working "
             "directory.",
             [this](const std::string& value) { plan_.output = value == "-" ? "" : value; }},
            {"--concurrency", "N",
             fmt::format("Check for N calls in flight. Default: up to {}.",
                         batch::max_adaptive_concurrency(batch::methods.front())),
             [this](const std::string& value) { plan_.concurrency = parse_count(value, 1, most_concurrency); }},
            {"--json", "", "Print JSON (docs/formats.md).", [this](const std::string&) { as_json_ = true; }},
            {"--cacert", "FILE", "Trust the certificates in this PEM file instead of the system's.",
             [this](const std::string& value) { plan_.ca_file = value; }},
        },
        proxy_flags(proxies_, secrets_));
}

int DoctorCommand::run() {
    if (urls_.size() > 1) throw_bad_input("doctor takes at most one URL");
    if (!urls_.empty()) plan_.server.emplace(urls_.front());
    plan_.most_adaptive = batch::max_adaptive_concurrency(batch::methods.front());
    std::vector<doctor::Finding> findings = doctor::check_machine(doctor::ThisMachine(), plan_);
    std::vector<doctor::Finding> ways = check_ways();
    findings.insert(findings.end(), std::make_move_iterator(ways.begin()), std::make_move_iterator(ways.end()));
    print(stdout, as_json_ ? findings_json(findings) + "\n" : findings_text(findings));
    return any_wrong(findings) ? exit_some_not_ok : exit_ok;
}

/// How calls leave this machine.
std::vector<doctor::Finding> DoctorCommand::check_ways() const {
    std::vector<doctor::Finding> findings;
    http::ProxySettings proxies;
    try {
        proxies = proxies_.settle();
    } catch (const Error& error) {
        findings.emplace_back("proxies", doctor::Verdict::wrong, error.what(), "correct the variable, or give --proxy");
        return findings;
    }
    findings.push_back(doctor::check_proxies(proxies, plan_));
    if (plan_.server) ask_server(proxies, findings);
    return findings;
}

void DoctorCommand::ask_server(const http::ProxySettings& proxies, std::vector<doctor::Finding>& findings) const {
    http::SessionOptions options;
    options.routes.proxies = proxies;
    options.tls.ca_file = plan_.ca_file;
    options.timeouts.attempt = patience;
    http::Session session(std::move(options));
    const doctor::ServerTrial trial =
        plait::run(doctor::try_server(session, *plan_.server, SystemWallClock::instance()));
    findings.push_back(doctor::check_server(trial));
    if (auto clock = doctor::check_clock(trial)) findings.push_back(std::move(*clock));
}

}  // namespace plait::cli
