#include "plait/cli/check_command.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/requests/open_source.hpp"
#include "plait/cli/exit_code.hpp"
#include "plait/cli/output.hpp"
#include "plait/cli/session_flags.hpp"
#include "plait/cli/values.hpp"
#include "plait/policy/rate_limit.hpp"
#include "plait/policy/stop_rules.hpp"

#include <fmt/format.h>

#include <utility>

namespace plait::cli {

namespace {

constexpr std::size_t most_concurrency = 1'000'000;

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_input, reason); }

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
    return "Looks through requests without sending any: faults, secrets, and what they will take.";
}

std::string_view CheckCommand::notes() const {
    return "The exit code is 2 when a line can't be sent or has the id of another, so that a run with --strict would "
           "send nothing; else 1 when a secret stands in clear text, a path looks doubled or a budget is not enough; "
           "else 0.";
}

Positional CheckCommand::positional() const {
    return {"REQUESTS", "What plait run takes: a file of requests; or URLs; or - for standard input."};
}

std::vector<Flag> CheckCommand::flags() {
    std::vector<Flag> flags{
        Flag("--limit", "UNIT=AMOUNT/TIME",
             "A limit of each group, such as requests=500/m or tokens=90k/m: the slowest decides how long it takes.",
             [this](const std::string& value) { forecast_.limits.push_back(policy::parse_rate_limit(value)); })
            .repeatable(),
        {"--concurrency", "N", fmt::format("Calls in flight in all. Default: {}.", forecast_.concurrency),
         [this](const std::string& value) { forecast_.concurrency = parse_count(value, 1, most_concurrency); }},
        {"--latency", "DURATION", "How long a call takes, such as 300ms: with --concurrency that bounds the time, too.",
         [this](const std::string& value) { forecast_.latency = parse_duration(value); }},
        Flag("--budget", "UNIT=AMOUNT", "What the calls may cost in all, such as usd=5: is it enough?",
             [this](const std::string& value) { forecast_.budgets.push_back(policy::parse_budget(value)); })
            .repeatable(),
        {"--json", "", "Prints it as JSON (docs/formats.md).", [this](const std::string&) { as_json_ = true; }},
    };
    return joined(joined(std::move(flags), input_flags(defaults_)), repeat_flags(defaults_));
}

int CheckCommand::run() {
    if (inputs_.empty()) refuse("no REQUESTS: give a file, URLs, or - for standard input");
    defaults_.put_secrets = batch::SecretExpander::Put::names;
    defaults_.key_seed = "check";  // no key is sent
    batch::InputNotes notes;
    defaults_.notes = &notes;
    batch::CheckReport report = batch::check_all(*batch::open_source(inputs_, defaults_), forecast_);
    report.notes = notes;
    print(stdout, as_json_ ? batch::check_json(report) + "\n" : batch::check_text(report, name_of(inputs_)));
    return exit_code_of(report);
}

}  // namespace plait::cli
