#include "plait/cli/mock_command.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/method/descriptor_limit.hpp"
#include "plait/cli/flags/values.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/interrupts.hpp"
#include "plait/cli/screen/output.hpp"
#include "plait/mock/content/codings.hpp"
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

/// Counting this many ids takes some 10 GB.
constexpr std::size_t most_ids = 100'000'000;

/// A higher number of slots or connections would be no limit.
constexpr std::size_t most_connections = 1'000'000;

/// Serves until interrupted. Prints the URL first if `is_news`. `server` outlives the task.
Task<void> serve_until_interrupted(mock::MockServer& server, bool is_news) {
    CancelScope serving;
    const Interrupts interrupts([&serving] { serving.cancel(); });
    if (is_news) print(stdout, server.url() + "\n");  // flushed: a parent process may wait for the address
    co_await serving.run(server.serve());
}

/// Faults or refusals by their names, as choices of a flag.
template <class Entries>
std::vector<Choice> choices_of(const Entries& entries) {
    std::vector<Choice> choices;
    for (const auto& [name, help] : entries) choices.push_back({std::string(name), std::string(help)});
    return choices;
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

std::string_view MockCommand::help() const { return "Run a mock API server to rehearse against, until Ctrl-C."; }

std::string_view MockCommand::notes() const {
    return "Paths ask for one answer: /delay/<ms>, /status/<code>, /fault/<name>, /refuse/<seconds>, /coded/<codings>, "
           "/redirect/<n>, /cookie/<name>/<value>, /pages?n=<n>, /jobs/<ms>; /stats counts. Redirects lead to another "
           "origin with /redirect/1/302/elsewhere (another name of this machine) or /redirect/1?to=URL (any server). "
           "Any other path echoes the request (docs/mock.md).";
}

std::vector<Flag> MockCommand::flags() { return joined(server_flags(), answer_flags(), limit_flags(), fault_flags()); }

std::vector<Flag> MockCommand::server_flags() {
    return under(
        "Server",
        {
            {"--port", "N", "Listen at this port; 0: at any free port, which is printed. Default: 0.",
             [this](const std::string& value) {
                 options_.port =
                     static_cast<std::uint16_t>(parse_count(value, 0, std::numeric_limits<std::uint16_t>::max()));
             }},
            Flag("--host", "ADDRESS", "Listen at this address. Default: 127.0.0.1.",
                 [this](const std::string& value) {
                     if (!std::exchange(has_hosts_, true)) options_.hosts.clear();
                     options_.hosts.push_back(value);
                 })
                .repeatable(),
            {"--tls", "", "Serve https, with a certificate made at startup.",
             [this](const std::string&) { options_.tls = true; }},
            {"--ca-file", "FILE", "Write that certificate to this file, for plait run --cacert FILE.",
             [this](const std::string& value) { options_.ca_file = value; }},
            {"--max-connections", "N", "Close every connection beyond N as soon as it is accepted. Default: no limit.",
             [this](const std::string& value) { options_.most_connections = parse_count(value, 1, most_connections); }},
            {"--max-streams", "N",
             fmt::format("Permit N requests at a time over one HTTP/2 connection. Default: {}.",
                         mock::MockOptions().max_streams),
             [this](const std::string& value) {
                 options_.max_streams = static_cast<std::uint32_t>(parse_count(value, 1, most_connections));
             }},
            {"--ids", "N",
             fmt::format("Count requests separately for at most N ids (/stats/ids), at about 100 bytes each. Default: "
                         "{}.",
                         mock::MockOptions().most_ids),
             [this](const std::string& value) { options_.most_ids = parse_count(value, 1, most_ids); }},
            {"--seed", "N",
             "Set the random seed: with the same seed, the same ids get the same faults, lies and latencies. Default: "
             "1.",
             [this](const std::string& value) {
                 options_.seed = parse_count(value, 0, std::numeric_limits<std::size_t>::max());
             }},
        });
}

std::vector<Flag> MockCommand::answer_flags() {
    return under(
        "Answers",
        {
            {"--latency", "DURATION",
             "Take this long to make an answer: 90ms; 50ms..200ms, evenly distributed; or 100ms~0.5, lognormal with "
             "this median and sigma. /delay/<ms> overrides it. Default: 0.",
             [this](const std::string& value) { options_.latency = parse_latency(value); }},
            {"--latency-before", "DURATION",
             "Wait this long, in the same forms, before a request reaches the limits of --allow and the slots: "
             "requests are then counted in another order than they arrive. Default: 0.",
             [this](const std::string& value) { options_.latency_before = parse_latency(value); }},
            {"--latency-per-request", "DURATION",
             "Slow down under load: take this much longer for each other request in flight. Default: 0.",
             [this](const std::string& value) { options_.latency_per_request = parse_duration(value); }},
            {"--slots", "N",
             "Make at most N answers at a time; other requests queue in order of arrival. Default: no limit.",
             [this](const std::string& value) { options_.slots = parse_count(value, 1, most_connections); }},
            {"--status", "CODE", "Answer with this status. /status/<code> overrides it. Default: 200.",
             [this](const std::string& value) { options_.status = static_cast<int>(parse_count(value, 200, 599)); }},
            {"--coding", "CODINGS",
             "Compress answers with gzip, deflate, br, zstd or several such as gzip,br, for requests that accept them. "
             "/coded/<codings> always does. Default: none.",
             [this](const std::string& value) {
                 options_.codings = mock::codings_named(value);
                 if (options_.codings.empty())
                     throw_bad_input(fmt::format(
                         "'{}' is not one of gzip, deflate, br, zstd, or several with commas between", value));
             }},
            {"--body-bytes", "N", "Answer with N bytes of text instead of an echo of the request as JSON.",
             [this](const std::string& value) { options_.body_bytes = parse_count(value, 0, largest_body); }},
        });
}

std::vector<Flag> MockCommand::limit_flags() {
    return under(
        "Limits and refusals",
        {
            Flag("--allow", "RATE",
                 "Accept this many requests per time, such as 50/s, 500/m or 10/200ms, and refuse the rest. All rates "
                 "given apply together. Other ways of counting (docs/mock.md): " +
                     mock::AllowedRate::forms() + ".",
                 [this](const std::string& value) { options_.allowed.push_back(mock::AllowedRate::parse(value)); })
                .repeatable(),
            {"--allow-per", "WHOM",
             "Apply --allow separately per path (the first segment of the path), or per value of the header with this "
             "name. Default: to all requests together.",
             [this](const std::string& value) { options_.allowed_per = value; }},
            {"--max-in-flight", "N", "Refuse a request while N others are in flight. Default: no limit.",
             [this](const std::string& value) { options_.most_in_flight = parse_count(value, 1, most_connections); }},
            Flag("--refuse-with", "WHAT",
                 "Refuse with a status, or as a known API does, perhaps with another status (aws@429). Default: 429.",
                 [this](const std::string& value) { options_.refusal = parse_refusal(value); })
                .with_choices(choices_of(mock::refusal_help())),
            {"--limit-headers", "KIND,...",
             "Announce the limits of --allow in these headers. Kinds: " + mock::LimitDialect::names() +
                 "; none. /refuse/<seconds>/<kind> overrides it. Default: retry-after.",
             [this](const std::string& value) { options_.limit_headers = mock::parse_dialects(value); }},
            {"--lie", "LIE:SHARE,...",
             "Make this share of those headers wrong, such as past:5%. Lies: " + mock::Lie::names() +
                 ". /refuse/<seconds>/<kind>/<lie> overrides it.",
             [this](const std::string& value) { options_.lies = mock::Mixture<mock::Lie>(value); }},
        });
}

std::vector<Flag> MockCommand::fault_flags() {
    return under(
        "Faults",
        {
            Flag("--fail", "FAULT:SHARE,...",
                 "Inject faults into this share of the answers, such as 500:5%,reset-after:1%. /fault/<name> asks for "
                 "one.",
                 [this](const std::string& value) { options_.faults = mock::Mixture<mock::Fault>(value); })
                .with_choices(choices_of(mock::fault_help())),
            {"--crash-every", "N", "Crash (SIGKILL) after reading every Nth request.",
             [this](const std::string& value) {
                 options_.crash_every = parse_count(value, 1, std::numeric_limits<std::size_t>::max());
             }},
            {"--restart", "PAUSE",
             "Restart this long after a crash, at the same port and with the same counts. Connections are refused in "
             "between. Default: no restart.",
             [this](const std::string& value) { pause_ = parse_duration(value); }},
        });
}

int MockCommand::run() {
    batch::raise_descriptor_limit_to_most();
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
