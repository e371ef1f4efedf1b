#include "plait/cli/calls_flags.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/call/cost_source.hpp"
#include "plait/batch/call/expectation.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/cli/values.hpp"
#include "plait/policy/costs.hpp"
#include "plait/policy/rate_limit.hpp"
#include "plait/policy/stop_rules.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <set>
#include <string_view>

namespace plait::cli {

namespace {

constexpr std::size_t most_concurrency = 1'000'000;
constexpr std::size_t most_attempts = 1000;
constexpr std::size_t most_canaries = 1'000'000;

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_input, reason); }

/// The same text on every machine: the documents hold it.
std::string concurrency_help() {
    std::string text;
    for (const batch::MethodEntry& method : batch::methods) {
        const std::string most = method.default_concurrency == batch::one_per_processor
                                     ? "one per processor"
                                     : fmt::to_string(batch::max_adaptive_concurrency(method));
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", method.name, most);
    }
    return fmt::format(
        "Calls in flight in all; how many threads or processes. auto: each group finds out how many its server takes "
        "well, from {} up, at most: {}. Default: auto.",
        policy::AdaptiveLimitOptions().first, text);
}

std::optional<std::size_t> parse_concurrency(const std::string& value) {
    if (value == "auto") return std::nullopt;
    return parse_count(value, 1, most_concurrency);
}

Duration parse_some_time(const std::string& value) {
    const Duration time = parse_duration(value);
    if (time <= Duration::zero()) refuse(fmt::format("'{}' is no time", value));
    return time;
}

/// Such as `p95`.
policy::HedgeOptions parse_hedge(const std::string& value) {
    if (!value.starts_with('p')) refuse(fmt::format("'{}' is not a percentile such as p95", value));
    policy::HedgeOptions hedge;
    hedge.slower_than = static_cast<double>(parse_count(std::string_view(value).substr(1), 50, 99)) / 100;
    return hedge;
}

policy::StopIf parse_known_stop_if(const std::string& value) {
    policy::StopIf rule = policy::parse_stop_if(value);
    std::string names;
    for (std::size_t n = 0; n < batch::outcome_count; ++n) {
        const std::string_view name = to_string(static_cast<batch::Outcome>(n));
        if (rule.outcome == name) return rule;
        names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    }
    refuse(fmt::format("'{}' is not one of the outcomes {}", rule.outcome, names));
}

/// The one unit besides requests that limits and budgets are about; empty when there are none or several.
std::string usual_unit(const batch::CallerOptions& calls) {
    std::set<std::string> units;
    for (const policy::RateLimit& limit : calls.limits) units.insert(limit.unit);
    for (const policy::Budget& budget : calls.rules.budgets) units.insert(budget.unit);
    units.erase(std::string(policy::requests_unit));
    return units.size() == 1 ? *units.begin() : "";
}

}  // namespace

std::vector<Flag> calls_flags(CallsSettings& settings) {
    batch::CallerOptions& calls = settings.calls;
    return {
        {"--concurrency", "N|auto", concurrency_help(),
         [&settings](const std::string& value) { settings.concurrency = parse_concurrency(value); }},
        Flag("--limit", "UNIT=AMOUNT/TIME",
             "No more than this leaves in any such time, spread evenly: requests=500/m, tokens=90k/m, requests=5/10s. "
             "Of each group, which is the line's group or else its origin. Lines say what they cost. What an earlier "
             "run with the same results sent counts, too.",
             [&calls](const std::string& value) { calls.limits.push_back(policy::parse_rate_limit(value)); })
            .repeatable(),
        {"--cost-from", "[UNIT=]POINTER",
         "Where an answer says what its call really cost, a JSON Pointer into its body: tokens=/usage/total_tokens.",
         [&settings](const std::string& value) { settings.cost_from = value; }},
        {"--attempts", "N",
         "The most attempts of a call, unless its line says otherwise. A refusal (429, 503 with Retry-After, and more) "
         "does not count. Default: 5, and up to 15 while most retries succeed.",
         [&calls](const std::string& value) {
             calls.retry.max_attempts = static_cast<int>(parse_count(value, 1, most_attempts));
             calls.retry.most_attempts = calls.retry.max_attempts;
         }},
        {"--deadline", "DURATION",
         "The longest that a call may take with its attempts and waits, from when it first leaves, unless its line "
         "says "
         "deadline_s. Default: 15m.",
         [&calls](const std::string& value) { calls.deadline = parse_some_time(value); }},
        {"--max-wait", "DURATION",
         "A server that wants to be asked later than this, or can't be reached for as long, is left alone: its group "
         "is parked, the others go on, and the run ends with code 3 and the time to come back. Default: 10m.",
         [&calls](const std::string& value) { calls.retry.max_wait = parse_some_time(value); }},
        Flag("--refusal", "RULE",
             "Treat an answer like this as a refusal: the server was asked too often and did nothing, so the call is "
             "sent again later. status=403, status=400,5xx, or JSON as in the field refusal of a line: "
             R"({"json":[{"path":"/error/code","is":"busy"}]}. )"
             "429 and the refusals of well-known APIs need no rule.",
             [&calls](const std::string& value) {
                 calls.refusals.push_back(
                     std::make_shared<const batch::Expectation>(batch::Expectation::parse_refusal_flag(value)));
             })
            .repeatable(),
        {"--hedge", "PERCENTILE",
         "Sends a call that is safe to repeat a second time when it takes longer than this share of the calls so far, "
         "such as p95; the first answer wins. At most 5 % more calls.",
         [&calls](const std::string& value) { calls.hedge = parse_hedge(value); }},
        Flag(
            "--budget", "UNIT=AMOUNT",
            "Stops before more than this is spent, such as usd=5 or tokens=2M, by what lines and answers say of costs; "
            "each attempt counts, unless surely nothing was done.",
            [&calls](const std::string& value) { calls.rules.budgets.push_back(policy::parse_budget(value)); })
            .repeatable(),
        Flag("--stop-if", "RULE",
             "Stops when so many calls end like this: 'failed>20% of 200' (of the last 200), 'rejected>50' (in all).",
             [&calls](const std::string& value) { calls.rules.stop_rules.push_back(parse_known_stop_if(value)); })
            .repeatable(),
        {"--canary", "N",
         "The first N calls go ahead; when one of them meets 401, 403 or no connection, the others are not sent.",
         [&calls](const std::string& value) { calls.rules.canary = parse_count(value, 1, most_canaries); }},
        {"--auth-command", "COMMAND",
         "Run by the shell, once for all calls, when a 401 comes; what it prints is the Authorization header from then "
         "on, or NAME: VALUE lines are these headers. Those calls are sent again, which counts as no attempt.",
         [&settings](const std::string& value) { settings.auth_command = value; }},
    };
}

batch::CallerOptions caller_options(const CallsSettings& settings) {
    batch::CallerOptions calls = settings.calls;
    if (settings.cost_from.empty()) return calls;
    try {
        calls.cost_from = batch::parse_cost_source(settings.cost_from, usual_unit(calls));
    } catch (const Error& error) {
        refuse(fmt::format("--cost-from: {}", error.what()));
    }
    return calls;
}

}  // namespace plait::cli
