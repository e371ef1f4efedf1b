#include "plait/cli/run/check_command.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/sources/open_source.hpp"
#include "plait/batch/sources/row_source.hpp"
#include "plait/batch/templates/text_template.hpp"
#include "plait/cli/flags/calls_flags.hpp"
#include "plait/cli/flags/session_flags.hpp"
#include "plait/cli/flags/values.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/output.hpp"
#include "plait/policy/pace/rate_limit.hpp"
#include "plait/policy/stop_rules.hpp"

#include <fmt/format.h>

#include <utility>

namespace plait::cli {

namespace {

constexpr std::size_t most_concurrency = 1'000'000;

std::string name_of(const std::vector<std::string>& inputs) {
    if (inputs.size() > 1) return fmt::format("{} URLs", inputs.size());
    return inputs.front() == "-" ? "standard input" : inputs.front();
}

int exit_code_of(const batch::CheckReport& report) {
    if (report.is_refused()) return exit_wrong_usage;
    return report.has_warnings() ? exit_some_not_ok : exit_ok;
}

}  // namespace

std::string_view CheckCommand::help() const {
    return "Check requests without sending any: invalid lines, plain-text secrets, time and cost.";
}

std::string_view CheckCommand::notes() const {
    return "Exit code: 2 if a line can't be sent or an id occurs twice (plait run --strict would send nothing); else 1 "
           "if a secret is in plain text, a path looks doubled or a budget is too small; else 0.";
}

Positional CheckCommand::positional() const { return {"REQUESTS", "The same as for plait run."}; }

std::vector<Flag> CheckCommand::flags() {
    return joined(
        under(headings::input_and_output, {{"--json", "", "Print the report as JSON (docs/formats.md).",
                                            [this](const std::string&) { as_json_ = true; }}}),
        input_flags(defaults_), under(headings::input_and_output, {header_flag()}),
        under(
            "Forecast",
            {
                Flag("--limit", "UNIT=AMOUNT/TIME",
                     "Assume this rate limit for each group, such as requests=500/m or tokens=90k/m. The slowest "
                     "group determines the time.",
                     [this](const std::string& value) { forecast_.limits.push_back(policy::parse_rate_limit(value)); })
                    .repeatable(),
                {"--concurrency", "N",
                 fmt::format("Assume N calls in flight in total. Default: {}.", batch::ForecastOptions().concurrency),
                 [this](const std::string& value) { forecast_.concurrency = parse_count(value, 1, most_concurrency); }},
                {"--concurrency-per-origin", "N", "Assume at most N calls in flight to each origin. Default: no limit.",
                 [this](const std::string& value) {
                     forecast_.concurrency_per_origin = parse_count(value, 1, most_concurrency);
                 }},
                {"--latency", "DURATION",
                 "Assume that a call takes this long, such as 300ms. With --concurrency, or --concurrency-per-origin, "
                 "this bounds the time, too.",
                 [this](const std::string& value) { forecast_.latency = parse_duration(value); }},
                Flag("--budget", "UNIT=AMOUNT", "Check that this covers the cost of all calls, such as usd=5.",
                     [this](const std::string& value) { forecast_.budgets.push_back(policy::parse_budget(value)); })
                    .repeatable(),
            }),
        follow_check_flags(calls_), repeat_flags(defaults_), proxy_flags(proxies_, secrets_));
}

/// As that of `plait run`, but secrets keep their names.
Flag CheckCommand::header_flag() {
    return Flag("--header", "'NAME: VALUE'", "The same as for plait run.",
                [this](const std::string& value) {
                    const auto [name, text] = parse_header(value);
                    if (batch::names_column(text)) {
                        defaults_.rows.headers.emplace_back(name, text);
                    } else {
                        defaults_.headers.add(name, text);
                    }
                })
        .repeatable();
}

int CheckCommand::run() {
    check_row_flags(defaults_.rows);
    if (inputs_.empty()) throw_bad_input("no REQUESTS: give a file, URLs, or - for standard input");
    check_page_flags(calls_.run, inputs_, defaults_.rows.are_given());
    defaults_.put_secrets = batch::SecretExpander::Put::names;
    defaults_.key_seed = "check";  // keys are made, but not sent
    batch::InputNotes notes;
    defaults_.notes = &notes;
    batch::CheckedPages pages;
    pages.follow = calls_.run.follow;
    pages.each_page = calls_.run.result_format.each_page;
    batch::CheckReport report =
        batch::check_all(*batch::open_source(inputs_, defaults_), forecast_, proxies_.settle(), std::move(pages));
    report.notes = notes;
    if (defaults_.rows.are_given()) {
        for (batch::ColumnPlaces& sent : batch::make_request_template(defaults_).places())
            report.columns.emplace_back(std::move(sent.column), std::move(sent.places));
    }
    print(stdout, as_json_ ? batch::check_json(report) + "\n" : batch::check_text(report, name_of(inputs_)));
    return exit_code_of(report);
}

}  // namespace plait::cli
