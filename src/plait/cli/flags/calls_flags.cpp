#include "plait/cli/flags/calls_flags.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/answer/cost_source.hpp"
#include "plait/batch/answer/expectation.hpp"
#include "plait/batch/follow/follow_rule.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/cli/flags/values.hpp"
#include "plait/policy/pace/rate_limit.hpp"
#include "plait/policy/stop_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

namespace plait::cli {

namespace {

constexpr std::size_t most_concurrency = 1'000'000;
constexpr std::size_t most_attempts = 1000;
constexpr std::size_t most_canaries = 1'000'000;
constexpr std::size_t most_redirects = 100;
constexpr std::size_t most_pages = 1'000'000;

/// Independent of the machine, because docs/cli.md contains it.
std::string concurrency_help() {
    std::string text;
    for (const batch::MethodEntry& method : batch::methods) {
        const std::string most = method.default_concurrency == batch::one_per_processor
                                     ? "one per processor"
                                     : fmt::to_string(batch::max_adaptive_concurrency(method));
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", method.name, most);
    }
    return fmt::format(
        "Allow at most N calls in flight in total; threads and processes start N workers. auto finds for each group "
        "how many calls its server handles well, from {} up to a total of: {}. Default: auto.",
        policy::AdaptiveLimitOptions().first, text);
}

std::optional<std::size_t> parse_concurrency(const std::string& value) {
    if (value == "auto") return std::nullopt;
    return parse_count(value, 1, most_concurrency);
}

Duration parse_positive_duration(const std::string& value) {
    const Duration time = parse_duration(value);
    if (time <= Duration::zero()) throw_bad_input(fmt::format("'{}' is not more than zero", value));
    return time;
}

/// Such as `20%` or `0.2`.
policy::RetryBudgetOptions parse_retry_budget(const std::string& value) {
    if (value == "none") return policy::RetryBudgetOptions::unlimited();
    const auto share = parse_share(value, most_attempts);
    if (!share) throw_bad_input(fmt::format("'{}' is not a share of the calls such as 20% or 0.2, or none", value));
    policy::RetryBudgetOptions budget;
    budget.share = *share;
    return budget;
}

/// Such as `p95`.
policy::HedgeOptions parse_hedge(const std::string& value) {
    if (!value.starts_with('p')) throw_bad_input(fmt::format("'{}' is not a percentile such as p95", value));
    policy::HedgeOptions hedge;
    hedge.slower_than = static_cast<double>(parse_count(std::string_view(value).substr(1), 50, 99)) / 100;
    return hedge;
}

std::vector<Flag> limit_flags(CallsSettings& settings) {
    batch::RunOptions& run = settings.run;
    return under(
        headings::limits,
        {
            {"--concurrency", "N|auto", concurrency_help(),
             [&settings](const std::string& value) { settings.run.concurrency = parse_concurrency(value); }},
            {"--concurrency-per-origin", "N",
             "Allow at most N calls in flight to each origin (scheme, host and port), whatever their groups. Default: "
             "no limit but that of --concurrency.",
             [&run](const std::string& value) {
                 run.concurrency_per_origin = parse_count(value, 1, most_concurrency);
             }},
            Flag("--limit", "UNIT=AMOUNT/TIME",
                 "Limit the rate of each group (by default, of each origin), such as requests=500/m, tokens=90k/m or "
                 "requests=5/10s. Sends are spread evenly. A line states its own cost in units other than requests. "
                 "Calls sent by an earlier run with the same results count, too.",
                 [&run](const std::string& value) { run.limits.push_back(policy::parse_rate_limit(value)); })
                .repeatable(),
            {"--cost-from", "[UNIT=]POINTER",
             "Read the actual cost of a call from its answer, by a JSON Pointer into the body, such as "
             "tokens=/usage/total_tokens.",
             [&settings](const std::string& value) { settings.cost_from = value; }},
        });
}

std::vector<Flag> retry_flags(CallsSettings& settings) {
    batch::RunOptions& run = settings.run;
    const batch::RunOptions usual;
    return under(
        headings::retries,
        {
            {"--attempts", "N",
             fmt::format("Make at most N attempts per call, unless its line says otherwise. Refusals (429, 503 with "
                         "Retry-After and the like) do not count. Default: {}, or up to {} while most retries succeed.",
                         usual.retry.max_attempts, usual.retry.max_attempts_while_helpful),
             [&run](const std::string& value) {
                 run.retry.max_attempts = static_cast<int>(parse_count(value, 1, most_attempts));
                 run.retry.max_attempts_while_helpful = run.retry.max_attempts;
             }},
            {"--retry-budget", "SHARE|none",
             fmt::format(
                 "Limit the retries of each group, to protect a server that is down: to this share of its calls "
                 "in the last minute, such as 20% or 0.2 (but at least {}, and as many as one call may have), plus "
                 "{:.0f} for each good answer. none: no limit. Default: {:.0f}%.",
                 usual.retry_budget.least, usual.retry_budget.for_good_answer, 100 * usual.retry_budget.share),
             [&run](const std::string& value) { run.retry_budget = parse_retry_budget(value); }},
            {"--deadline", "DURATION",
             fmt::format("Limit the time of a whole call, from its first send, with all attempts and the waits between "
                         "them, unless its line has deadline_s. --timeout limits one attempt. Default: {}.",
                         to_flag_value(usual.deadline)),
             [&run](const std::string& value) { run.deadline = parse_positive_duration(value); }},
            {"--max-wait", "DURATION",
             fmt::format("Park a group if its server asks for a longer wait than this, or can't be reached for this "
                         "long. Other groups continue. The run then ends with exit code 3 and says when to resume. "
                         "Default: {}.",
                         to_flag_value(usual.retry.max_wait)),
             [&run](const std::string& value) { run.retry.max_wait = parse_positive_duration(value); }},
            Flag("--refusal", "RULE",
                 "Treat such an answer as a refusal: the server did nothing, and the call is sent again later. RULE is "
                 "status=403, status=400,5xx, or JSON as in a line's field refusal, such as "
                 R"({"json":[{"path":"/error/code","is":"busy"}]}. )"
                 "429 and the refusals of well-known APIs need no rule.",
                 [&run](const std::string& value) {
                     run.refusals.push_back(
                         std::make_shared<const batch::Expectation>(batch::Expectation::parse_refusal_flag(value)));
                 })
                .repeatable(),
            {"--hedge", "PERCENTILE",
             fmt::format("Send a second copy of a call that is safe to repeat if it takes longer than this percentile "
                         "of the calls so far, such as p95. The first answer wins. At most {:.0f} % of the calls get a "
                         "copy.",
                         100 * policy::HedgeOptions().most_extra),
             [&run](const std::string& value) { run.hedge = parse_hedge(value); }},
            {"--auth-command", "COMMAND",
             "On a 401, run this shell command once for all calls, and resend the calls that got one; that does not "
             "count as an attempt. It prints the new Authorization header, or NAME: VALUE lines.",
             [&settings](const std::string& value) { settings.run.auth_command = value; }},
        });
}

std::vector<Flag> cookie_flags(CallsSettings& settings) {
    return under(
        headings::connection,
        {
            {"--cookies", "",
             "Send the cookies that answers set with later requests of this run, by the rules of RFC 6265bis. A "
             "request with a Cookie header of its own gets no others.",
             [&settings](const std::string&) { settings.run.cookies = true; }},
            {"--cookie-jar", "FILE",
             "Read the cookies in this file before the run, and write all cookies to it at the end and once a second "
             "in between. Its format is that of curl and of browsers' cookies.txt; only you can read it. Implies "
             "--cookies.",
             [&settings](const std::string& value) { settings.run.cookie_jar = value; }},
        });
}

std::vector<Flag> follow_flags(CallsSettings& settings) {
    batch::RunOptions& run = settings.run;
    return under(
        headings::follow_ups,
        {
            {"--follow", "RULE",
             "Make further requests part of each call, unless its line says otherwise. Pages: next=link follows the "
             "Link header, next=/meta/next a URL at this JSON Pointer, next=/meta/next,cursor=after puts the value "
             "there into the query parameter after, next=/meta/next,into=/after into the body of the request, and "
             "next=count,cursor=page,items=/items counts the query parameter page up until the list at /items is "
             "empty. Jobs: poll=location asks at the Location of a 202 until the status is another one, "
             "poll=/status:succeeded,failed until the value at this pointer is one of these. Or JSON as in a line's "
             "field follow (docs/formats.md). --deadline covers all requests of a call.",
             [&run](const std::string& value) {
                 run.follow = std::make_shared<const batch::FollowRule>(batch::FollowRule::parse_flag(value));
             }},
            {"--max-pages", "N",
             fmt::format("Get at most N pages of a call, unless its line has max_pages. The result says if there are "
                         "more. Default: all; a call with more than {} is rejected.",
                         batch::PageRule::usual_most),
             [&run](const std::string& value) { run.max_pages = parse_count(value, 1, most_pages); }},
            {"--each-page", "",
             "Write a result for each page: the first has the custom_id of the call, the next ones end in #2, #3 and "
             "so on. The results of a call are written together, when its last page has come.",
             [&run](const std::string&) { run.result_format.each_page = true; }},
        });
}

std::vector<Flag> stop_flags(CallsSettings& settings) {
    batch::RunOptions& run = settings.run;
    return under(
        headings::stopping,
        {
            Flag("--budget", "UNIT=AMOUNT",
                 "Stop before spending more than this, such as usd=5 or tokens=2M. Costs come from lines and answers. "
                 "Every attempt counts unless it certainly had no effect.",
                 [&run](const std::string& value) { run.budgets.push_back(policy::parse_budget(value)); })
                .repeatable(),
            Flag("--stop-if", "RULE",
                 "Stop when too many calls end like this: 'failed>20% of 200' (of the last 200), 'rejected>50' (in "
                 "total).",
                 [&run](const std::string& value) { run.stop_rules.push_back(batch::parse_stop_rule(value)); })
                .repeatable(),
            {"--canary", "N",
             "Send the first N calls alone. If one of them gets 401, 403 or no connection, send no others.",
             [&run](const std::string& value) { run.canary = parse_count(value, 1, most_canaries); }},
        });
}

}  // namespace

std::vector<Flag> follow_check_flags(CallsSettings& settings) {
    std::vector<Flag> flags = follow_flags(settings);
    for (Flag& flag : flags) {
        flag.help = "The same as for plait run.";
        if (flag.name == "--follow")
            flag.help += " The forecast counts the first request of each call, and no further pages or polls.";
    }
    return flags;
}

void check_page_flags(const batch::RunOptions& run, const std::vector<std::string>& inputs, bool has_rows) {
    if (run.result_format.each_page && run.follow && run.follow->poll())
        throw_bad_input("--each-page needs pages, but --follow is about a job: leave one of them out");
    if (run.follow || has_rows) return;
    const bool are_urls = std::all_of(inputs.begin(), inputs.end(),
                                      [](const std::string& input) { return input.find("://") != std::string::npos; });
    if (!are_urls) return;
    if (run.max_pages) throw_bad_input("--max-pages needs --follow RULE, such as --follow next=link");
    if (run.result_format.each_page) throw_bad_input("--each-page needs --follow RULE, such as --follow next=link");
}

std::vector<Flag> redirect_flags(http::RedirectOptions& redirects) {
    return under(
        headings::connection,
        {
            {"--max-redirects", "N",
             fmt::format(
                 "Follow at most N redirects of a call: for GET and HEAD, and 307 and 308 within the origin for other "
                 "methods; a 303 is followed by GET. Credentials stay with their origin. 0: treat a redirect as an "
                 "answer like any other. Default: {}.",
                 http::RedirectOptions().most),
             [&redirects](const std::string& value) { redirects.most = parse_count(value, 0, most_redirects); }},
            {"--redirect-to-http", "",
             "Follow redirects from https to http, too. Anyone between you and the server can then read and change the "
             "answer.",
             [&redirects](const std::string&) { redirects.to_http = true; }},
        });
}

std::vector<Flag> calls_flags(CallsSettings& settings) {
    return joined(limit_flags(settings), retry_flags(settings), follow_flags(settings), stop_flags(settings),
                  redirect_flags(settings.run.redirects), cookie_flags(settings));
}

void read_cost_from(CallsSettings& settings) {
    if (settings.cost_from.empty()) return;
    try {
        settings.run.cost_from = batch::parse_cost_source(settings.cost_from, batch::usual_unit(settings.run));
    } catch (const Error& error) {
        throw_bad_input(fmt::format("--cost-from: {}", error.what()));
    }
}

}  // namespace plait::cli
