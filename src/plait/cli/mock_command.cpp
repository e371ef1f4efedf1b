#include "plait/cli/mock_command.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/cli/descriptor_limit.hpp"
#include "plait/cli/exit_code.hpp"
#include "plait/cli/interrupts.hpp"
#include "plait/cli/values.hpp"
#include "plait/mock/mock_server.hpp"
#include "plait/mock/supervisor.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

namespace plait::cli {

namespace {

constexpr std::size_t largest_body = std::size_t{1} << 30;

/// Counting so many ids takes some 10 GB.
constexpr std::size_t most_ids = 100'000'000;

/// More slots or connections than this are no bound.
constexpr std::size_t most_connections = 1'000'000;

/// Serves, after saying where when that is news. `server` outlives the task.
Task<void> serve_until_interrupted(mock::MockServer& server, bool is_news) {
    CancelScope serving;
    const Interrupts interrupts([&serving] { serving.cancel(); });
    if (is_news) fmt::print("{}\n", server.url());
    std::fflush(stdout);  // whoever started this reads the address and goes on
    co_await serving.run(server.serve());
}

/// The faults, each with what it does, in one sentence.
std::string list_of_faults() {
    std::string list;
    for (const auto& [name, help] : mock::fault_help()) {
        list += fmt::format("{}{} ({})", list.empty() ? "" : "; ", name, help);
    }
    return list;
}

/// The refusals, each with what it is, in one sentence.
std::string list_of_refusals() {
    std::string list;
    for (const auto& [name, help] : mock::refusal_help()) {
        list += fmt::format("{}{} ({})", list.empty() ? "" : "; ", name, help);
    }
    return list;
}

mock::Refusal parse_refusal(const std::string& text) {
    const auto refusal = mock::Refusal::named(text);
    if (!refusal) {
        throw Error(ErrorCode::bad_input,
                    fmt::format("there is no refusal '{}'; there are {}", text, mock::Refusal::names()));
    }
    return *refusal;
}

/// A latency such as `90ms`, `50ms..200ms` or `100ms~0.5`.
mock::Latency parse_latency(const std::string& text) {
    mock::Latency latency;
    const auto tilde = text.find('~');
    std::tie(latency.least, latency.most) = parse_duration_range(text.substr(0, tilde));
    if (tilde == std::string::npos) return latency;
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data() + tilde + 1, end, latency.sigma);
    const bool is_sigma =
        error == std::errc() && after == end && latency.sigma > 0 && latency.sigma <= mock::Latency::widest_sigma;
    if (!is_sigma || latency.least != latency.most) {
        throw Error(ErrorCode::bad_input, fmt::format("'{}' is not a latency such as 90ms, 50ms..200ms or 100ms~0.5, "
                                                      "with a sigma of at most {} behind the ~",
                                                      text, mock::Latency::widest_sigma));
    }
    return latency;
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
         "How long it takes to make an answer: 90ms; 50ms..200ms for any time between; or 100ms~0.5 for lognormal "
         "times with this median and this standard deviation of the natural logarithm. /delay/<ms> asks for its own. "
         "Default: 0.",
         [this](const std::string& value) { options_.latency = parse_latency(value); }},
        {"--latency-before", "DURATION",
         "How long a request takes to reach the limits of --allow and the slots, in the same forms: requests are then "
         "not counted in the order in which they came. Default: 0.",
         [this](const std::string& value) { options_.latency_before = parse_latency(value); }},
        {"--latency-per-request", "DURATION",
         "Slow down under load: make an answer take this much longer for each other request in flight. Default: 0.",
         [this](const std::string& value) { options_.latency_per_request = parse_duration(value); }},
        {"--slots", "N",
         "Make N answers at a time and queue the other requests in order of arrival. Default: all at once.",
         [this](const std::string& value) { options_.slots = parse_count(value, 1, most_connections); }},
        {"--max-connections", "N", "Close each connection beyond N as soon as it is accepted. Default: no bound.",
         [this](const std::string& value) { options_.most_connections = parse_count(value, 1, most_connections); }},
        {"--status", "CODE", "The status of the answers. /status/<code> asks for its own. Default: 200.",
         [this](const std::string& value) { options_.status = static_cast<int>(parse_count(value, 200, 599)); }},
        {"--body-bytes", "N", "Answers with so many bytes of text, instead of an echo of the request as JSON.",
         [this](const std::string& value) { options_.body_bytes = parse_count(value, 0, largest_body); }},
        {"--tls", "", "Serves https, with a certificate made at the start.",
         [this](const std::string&) { options_.tls = true; }},
        {"--ca-file", "FILE", "Writes that certificate to a file, for clients to trust it (plait run --cacert FILE).",
         [this](const std::string& value) { options_.ca_file = value; }},
        {"--fail", "FAULT:SHARE,...",
         "What goes wrong, and how often, such as 500:5%,reset-after:1%. /fault/<name> asks for one. Faults: " +
             list_of_faults() + ".",
         [this](const std::string& value) { options_.faults = mock::Mixture<mock::Fault>(value); }},
        Flag("--allow", "RATE",
             "Let in so many requests per time, such as 50/s, 500/m or 10/200ms, and refuse the rest. Several rates "
             "hold together. Other ways of counting (docs/mock.md): " +
                 mock::AllowedRate::forms() + ".",
             [this](const std::string& value) { options_.allowed.push_back(mock::AllowedRate::parse(value)); })
            .repeatable(),
        {"--max-in-flight", "N", "Refuse a request while N others are in flight. Default: no bound.",
         [this](const std::string& value) { options_.most_in_flight = parse_count(value, 1, most_connections); }},
        {"--refuse-with", "WHAT",
         "How to refuse: with a status, or as one of these, also with another status (aws@429): " + list_of_refusals() +
             ". Default: 429.",
         [this](const std::string& value) { options_.refusal = parse_refusal(value); }},
        {"--allow-per", "WHOM",
         "Counts requests for --allow apart: path, by the first segment of the path; or the name of a header, by its "
         "value. Default: all together.",
         [this](const std::string& value) { options_.allowed_per = value; }},
        {"--limit-headers", "KIND,...",
         "How answers tell of --allow. Kinds: " + mock::LimitDialect::names() +
             "; none. /refuse/<seconds>/<kind> asks for one. Default: retry-after.",
         [this](const std::string& value) { options_.limit_headers = mock::parse_dialects(value); }},
        {"--lie", "LIE:SHARE,...",
         "What is wrong in those headers, and how often. Lies: " + mock::Lie::names() +
             ". /refuse/<seconds>/<kind>/<lie> asks for one.",
         [this](const std::string& value) { options_.lies = mock::Mixture<mock::Lie>(value); }},
        {"--crash-every", "N", "Kills itself (SIGKILL) when the Nth request was read, and each Nth after it.",
         [this](const std::string& value) {
             options_.crash_every = parse_count(value, 1, std::numeric_limits<std::size_t>::max());
         }},
        {"--restart", "PAUSE",
         "Comes back so long after a crash, at the same port and with the same counts; meanwhile connections are "
         "refused. Default: it does not come back.",
         [this](const std::string& value) { pause_ = parse_duration(value); }},
        {"--ids", "N", "How many ids /stats/ids tells apart, at some 100 bytes each. Default: 1000000.",
         [this](const std::string& value) { options_.most_ids = parse_count(value, 1, most_ids); }},
        {"--seed", "N",
         "Where chance begins: the same seed deals the same faults, lies and latencies to the same ids. Default: 1.",
         [this](const std::string& value) {
             options_.seed = parse_count(value, 0, std::numeric_limits<std::size_t>::max());
         }},
    };
}

int MockCommand::run() {
    raise_descriptor_limit_to_most();
    if (!pause_) return serve(true);
    const mock::PortReservation reservation(options_.hosts, options_.port);
    options_.port = reservation.port();
    options_.ledger = std::make_shared<mock::RequestLedger>(options_.most_ids);
    return mock::keep_serving(*pause_, [this](int life) {
        if (life > 0) options_.ledger->returned();
        return serve(life == 0);
    });
}

int MockCommand::serve(bool is_first_life) {
    mock::MockServer server(options_);
    plait::run(serve_until_interrupted(server, is_first_life));
    return exit_ok;
}

}  // namespace plait::cli
