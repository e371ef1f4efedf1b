#include "run/run_options.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/answer/cost_source.hpp"
#include "plait/batch/answer/expectation.hpp"
#include "plait/batch/follow/follow_rule.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/batch/output/result_line.hpp"
#include "plait/batch/requests/secret_expander.hpp"
#include "plait/batch/tally/tally.hpp"
#include "plait/policy/hedge.hpp"
#include "plait/policy/pace/rate_limit.hpp"
#include "plait/policy/stop_rules.hpp"

#include <fmt/format.h>

#include "mock/intercept.hpp"
#include "values/options.hpp"
#include "values/settings.hpp"
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace plait::python {

namespace {

using Texts = std::vector<std::string>;
using Amounts = std::vector<std::pair<std::string, double>>;

void take_retry(const nb::dict& options, RunSettings& settings) {
    settings.run.retry = retry_from(options);
    settings.run.retry_budget = retry_budget_from(options);
    settings.retry_statuses = option<std::vector<int>>(options, "statuses").value_or(std::vector<int>());
    settings.requests.safe_to_repeat = option<bool>(options, "unsafe").value_or(false);
}

void take_rules(const nb::dict& options, batch::RunOptions& run) {
    for (const std::string& text : option<Texts>(options, "limits").value_or(Texts()))
        run.limits.push_back(policy::parse_rate_limit(text));
    for (const auto& [unit, amount] : option<Amounts>(options, "budget").value_or(Amounts())) {
        if (!(amount > 0)) throw_bad_input(fmt::format("budget: {} must be above 0", unit));
        run.budgets.emplace_back(unit, amount);
    }
    for (const std::string& text : option<Texts>(options, "stop_if").value_or(Texts()))
        run.stop_rules.push_back(batch::parse_stop_rule(text));
    run.canary = option<std::size_t>(options, "canary").value_or(0);
    if (const auto text = option<std::string>(options, "cost_from"))
        run.cost_from = batch::parse_cost_source(*text, batch::usual_unit(run));
}

}  // namespace

namespace {

const batch::MethodEntry* method_from(const std::string& name) {
    if (const batch::MethodEntry* const method = batch::find_method(name)) return method;
    std::string names;
    for (const batch::MethodEntry& method : batch::methods)
        names += fmt::format("{}{}", names.empty() ? "" : ", ", method.name);
    throw_bad_input(fmt::format("method: '{}' is not one of {}", name, names));
}

batch::BodyFormat body_format_from(const std::string& name) {
    for (const auto& [known, format] : batch::body_formats) {
        if (known == name) return format;
    }
    throw_bad_input(fmt::format("body: '{}' is not auto, text or base64", name));
}

batch::RowFormat row_format_from(const std::string& name) {
    for (const auto& [known, format] : batch::row_format_names) {
        if (known == name) return format;
    }
    throw_bad_input(fmt::format("rows: '{}' is not a format of rows", name));
}

/// The option `rows`, a dict of what `plait.Rows` has.
batch::RowOptions rows_from(const nb::dict& options) {
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    batch::RowOptions rows;
    rows.url = option<std::string>(options, "url").value_or("");
    rows.method = option<std::string>(options, "method").value_or("");
    rows.body = option<std::string>(options, "body");
    rows.form = option<Pairs>(options, "form").value_or(Pairs());
    rows.headers = option<Pairs>(options, "headers").value_or(Pairs());
    rows.id_from = option<std::string>(options, "id_from").value_or("");
    rows.keep = option<Texts>(options, "keep");
    if (const auto name = option<std::string>(options, "format")) rows.format = row_format_from(*name);
    rows.table = option<std::string>(options, "table").value_or("");
    rows.empty_is_text = option<bool>(options, "empty_is_text").value_or(false);
    return rows;
}

void take_secrets(const nb::dict& options, batch::RequestDefaults& requests) {
    for (const std::string& name : option<Texts>(options, "secrets").value_or(Texts()))
        requests.permitted_secrets.insert_or_assign(name, batch::secret_value(name));
}

/// Options of calls and results that only a run has.
void take_rest(const nb::dict& options, RunSettings& settings) {
    batch::RunOptions& run = settings.run;
    take_secrets(options, settings.requests);
    if (const auto rows = option<nb::dict>(options, "rows")) settings.requests.rows = rows_from(*rows);
    settings.requests.automatic_keys = option<bool>(options, "automatic_keys").value_or(false);
    if (const auto name = option<std::string>(options, "method")) run.method = method_from(*name);
    if (const auto percentile = option<double>(options, "hedge"))
        run.hedge.emplace(policy::HedgeOptions{.slower_than = *percentile});
    for (const std::string& text : option<Texts>(options, "refusal").value_or(Texts()))
        run.refusals.push_back(
            std::make_shared<const batch::Expectation>(batch::Expectation::parse_refusal_flag(text)));
    if (const auto text = option<std::string>(options, "follow"))
        run.follow = std::make_shared<const batch::FollowRule>(batch::FollowRule::parse_flag(*text));
    run.result_format.each_page = option<bool>(options, "each_page").value_or(false);
    if (run.result_format.each_page && run.follow && run.follow->poll())
        throw_bad_input("each_page needs pages, but follow is about a job: leave one of them out");
    run.max_pages = option<std::size_t>(options, "max_pages");
    run.auth_command = option<std::string>(options, "auth_command").value_or("");
    run.cookie_jar = option<std::string>(options, "cookie_jar").value_or("");
    run.trace = option<std::string>(options, "trace").value_or("");
    if (const auto name = option<std::string>(options, "body")) run.result_format.body = body_format_from(*name);
    if (const auto name = option<std::string>(options, "format"))
        settings.requests.format = batch::parse_batch_format(*name);
    settings.requests.model = option<std::string>(options, "model").value_or("");
    settings.requests.endpoint = option<std::string>(options, "endpoint").value_or("");
    if (const auto name = option<std::string>(options, "result_format"))
        run.result_format.batch = batch::parse_batch_format(*name);
    if (const auto path = option<std::string>(options, "save_bodies")) {
        run.save_bodies.emplace().path = *path;
        if (const auto size = option<std::size_t>(options, "inline_max")) run.save_bodies->inline_bytes = *size;
    }
}

}  // namespace

RunSettings run_settings_from(const nb::dict& options) {
    RunSettings settings;
    batch::RunOptions& run = settings.run;
    Settings connection = settings_from(options);
    settings.requests.headers = std::exchange(connection.session.headers, {});
    if (const auto base = option<std::string>(options, "base_path"))
        settings.requests.base_url = batch::checked_base_url(*base);
    run.session = intercepted(std::move(connection.session));
    run.redirects = connection.redirects;
    run.cookies = option<bool>(options, "cookies").value_or(false);
    if (connection.deadline) run.deadline = *connection.deadline;
    run.concurrency = option<std::size_t>(options, "concurrency");
    run.concurrency_per_origin = option<std::size_t>(options, "per_origin");
    take_retry(option<nb::dict>(options, "retry").value_or(nb::dict()), settings);
    take_rules(options, run);
    run.ordered = option<bool>(options, "ordered").value_or(false);
    run.durable = option<bool>(options, "durable").value_or(false);
    run.overwrite = !option<bool>(options, "resume").value_or(true);
    run.extend = option<bool>(options, "extend").value_or(false);
    run.repeat_unknown = option<bool>(options, "repeat_unknown").value_or(false);
    take_rest(options, settings);
    if (const auto grace = duration_from(option<double>(options, "grace"))) run.grace = *grace;
    return settings;
}

}  // namespace plait::python
