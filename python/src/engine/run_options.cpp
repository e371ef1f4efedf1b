#include "run_options.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/call/cost_source.hpp"
#include "plait/batch/call/tally.hpp"
#include "plait/policy/pace/rate_limit.hpp"
#include "plait/policy/stop_rules.hpp"

#include <fmt/format.h>

#include "options.hpp"
#include "settings.hpp"
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace plait::python {

namespace {

using Texts = std::vector<std::string>;
using Amounts = std::vector<std::pair<std::string, double>>;

policy::StopIf stop_rule_from(const std::string& text) {
    policy::StopIf rule = policy::parse_stop_if(text);
    std::string names;
    for (std::size_t n = 0; n < batch::outcome_count; ++n) {
        const std::string_view name = to_string(static_cast<batch::Outcome>(n));
        if (rule.outcome == name) return rule;
        names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    }
    throw_bad_input(fmt::format("stop_if: '{}' is not one of the outcomes {}", rule.outcome, names));
}

policy::RetryOptions retry_from(const nb::dict& options) {
    policy::RetryOptions retry;
    if (const auto attempts = option<int>(options, "attempts")) {
        if (*attempts < 1) throw_bad_input("retries: a call needs at least 1 attempt");
        retry.max_attempts = *attempts;
        retry.most_attempts = *attempts;
    }
    if (const auto delay = duration_from(option<double>(options, "first_delay"))) retry.first_delay = *delay;
    if (const auto delay = duration_from(option<double>(options, "longest_delay"))) retry.longest_delay = *delay;
    if (const auto wait = duration_from(option<double>(options, "longest_wait"))) retry.max_wait = *wait;
    return retry;
}

/// The only unit of limits and budgets beside requests; empty if there are none or several.
std::string usual_unit(const batch::RunOptions& run) {
    std::set<std::string> units;
    for (const policy::RateLimit& limit : run.limits) units.insert(limit.unit);
    for (const policy::Budget& budget : run.budgets) units.insert(budget.unit);
    units.erase(std::string(policy::requests_unit));
    return units.size() == 1 ? *units.begin() : "";
}

void take_rules(const nb::dict& options, batch::RunOptions& run) {
    for (const std::string& text : option<Texts>(options, "limits").value_or(Texts()))
        run.limits.push_back(policy::parse_rate_limit(text));
    for (const auto& [unit, amount] : option<Amounts>(options, "budget").value_or(Amounts())) {
        if (!(amount > 0)) throw_bad_input(fmt::format("budget: {} must be above 0", unit));
        run.budgets.emplace_back(unit, amount);
    }
    for (const std::string& text : option<Texts>(options, "stop_if").value_or(Texts()))
        run.stop_rules.push_back(stop_rule_from(text));
    run.canary = option<std::size_t>(options, "canary").value_or(0);
    if (const auto text = option<std::string>(options, "cost_from"))
        run.cost_from = batch::parse_cost_source(*text, usual_unit(run));
}

}  // namespace

RunSettings run_settings_from(const nb::dict& options) {
    RunSettings settings;
    batch::RunOptions& run = settings.run;
    Settings connection = settings_from(options);
    settings.requests.headers = std::exchange(connection.session.headers, {});
    if (const auto base = option<std::string>(options, "base_path"))
        settings.requests.base_url = batch::checked_base_url(*base);
    settings.requests.safe_to_repeat = option<bool>(options, "unsafe").value_or(false);
    run.session = std::move(connection.session);
    run.redirects = connection.redirects;
    run.cookies = option<bool>(options, "cookies").value_or(false);
    if (connection.deadline) run.deadline = *connection.deadline;
    run.concurrency = option<std::size_t>(options, "concurrency");
    run.retry = retry_from(options);
    take_rules(options, run);
    run.ordered = option<bool>(options, "ordered").value_or(false);
    run.durable = option<bool>(options, "durable").value_or(false);
    run.overwrite = !option<bool>(options, "resume").value_or(true);
    run.extend = option<bool>(options, "extend").value_or(false);
    run.repeat_unknown = option<bool>(options, "repeat_unknown").value_or(false);
    if (const auto grace = duration_from(option<double>(options, "grace"))) run.grace = *grace;
    return settings;
}

}  // namespace plait::python
