#include "plait/base/text/words.hpp"
#include "plait/batch/check/check.hpp"

#include <fmt/format.h>

#include <chrono>

namespace plait::batch {

namespace {

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string counts_in_words(const std::vector<std::pair<std::string, std::uint64_t>>& counts) {
    std::string text;
    for (const auto& [name, count] : counts) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, printable(name));
    }
    return text;
}

std::string seconds_in_words(double seconds) {
    constexpr double year = 365.0 * 24 * 3600;
    if (seconds > 100 * year) return "more than 100 years";
    return in_words(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}

std::string amount_in_words(double amount) { return fmt::format("{:.10g}", amount); }

class CheckText {
  public:
    CheckText(const CheckReport& report, std::string_view name) : report_(report), name_(name) {}

    std::string write() {
        counts();
        routes();
        rows();
        bad_lines();
        repeated_ids();
        secrets();
        left_names();
        paths();
        unsafe();
        least_time();
        budgets();
        return std::move(text_);
    }

    std::string write_refusals() {
        bad_lines();
        repeated_ids();
        return std::move(text_);
    }

  private:
    void line(std::string_view text) { text_.append(text).append("\n"); }

    void counts() {
        const std::string methods = report_.methods.empty() ? "" : ": " + counts_in_words(report_.methods);
        line(fmt::format("{}: {}{}", name_, counted(report_.calls, "call", "calls"), methods));
        for (const auto& [group, count] : report_.groups) line(fmt::format("  {:<8} {}", count, printable(group)));
        if (report_.group_count > report_.groups.size()) {
            line(fmt::format("  and {} more groups", report_.group_count - report_.groups.size()));
        }
        for (const UnitSum& cost : report_.forecast.costs) {
            line(fmt::format("  cost {} {}, stated by {}", amount_in_words(cost.sum), printable(cost.unit),
                             counted(cost.calls, "call", "calls")));
        }
    }

    void routes() {
        if (report_.routes.empty()) return;
        line("Proxies:");
        for (const auto& [origin, way] : report_.routes)
            line(fmt::format("  {}: {}", printable(origin), printable(way, longest_message)));
        if (report_.routes.size() == Check::most_kept) line("  and perhaps more origins");
    }

    /// Of rows: the templates at work.
    void rows() {
        if (report_.columns.empty()) return;
        line("Columns that are sent:");
        for (const auto& [column, places] : report_.columns) {
            std::string list;
            for (const std::string& place : places) list += (list.empty() ? "" : ", ") + place;
            line(fmt::format("  {}: {}", printable(column), printable(list, longest_message)));
        }
        if (report_.first_request.empty()) return;
        line("The first request:");
        std::string_view rest = report_.first_request;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            line(end == 0 ? "" : "  " + printable(rest.substr(0, end), rest.size()));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }

    void bad_lines() {
        if (report_.bad_count == 0) return;
        line(counted(report_.bad_count, "line can't be sent:", "lines can't be sent:"));
        for (const auto& bad : report_.bad) line("  " + printable(bad.message, longest_message));
        more(report_.bad_count, report_.bad.size());
        if (report_.bad_count <= report_.bad.size()) return;
        line("By reason:");
        for (const CheckReport::Reason& reason : report_.reasons) {
            line(fmt::format("  {:<8} {}, first in line {}", reason.lines, printable(reason.reason, longest_message),
                             reason.first_line));
        }
    }

    void repeated_ids() {
        if (report_.repeated_count == 0) return;
        line(counted(report_.repeated_count, "line repeats an id:", "lines repeat an id:"));
        for (const auto& repeated : report_.repeated) {
            line(fmt::format("  line {}: custom_id \"{}\" is already used by line {}", repeated.line,
                             printable(repeated.custom_id), repeated.before));
        }
        more(report_.repeated_count, report_.repeated.size());
    }

    void secrets() {
        if (report_.secrets.empty()) return;
        line(counted(report_.calls_with_secrets,
                     "call contains a secret in plain text:", "calls contain secrets in plain text:"));
        for (const auto& place : report_.secrets) {
            line(fmt::format("  {}: {}, first in line {}, in {}", place.secret.where, place.secret.kind,
                             place.first_line, counted(place.calls, "call", "calls")));
        }
        line(
            "  Pass it with --header 'NAME: {{env.NAME}}', or write {{env.NAME}} in the line and permit it with "
            "--secret env.NAME. Then no file of the run contains its value.");
    }

    void left_names() {
        const InputNotes& notes = report_.notes;
        if (notes.calls_with_left_names() == 0) return;
        line(counted(notes.calls_with_left_names(),
                     "call names secrets that are not permitted, and are sent as they stand:",
                     "calls name secrets that are not permitted, and are sent as they stand:"));
        for (const InputNotes::LeftName& left : notes.left_names()) {
            line(fmt::format("  {{{{{}}}}}, first in line {}, in {}", printable(left.name), left.first_line,
                             counted(left.calls, "call", "calls")));
        }
        line(
            "  --secret NAME permits one. Do that only if the line means the secret, not if it quotes someone else's "
            "text.");
    }

    void paths() {
        if (const std::uint64_t count = report_.notes.urls_joined_once(); count > 0) {
            line(fmt::format("{} with the path of --base-url, which is used once:",
                             counted(count, "URL begins", "URLs begin")));
            line("  " + report_.notes.first_joined_once());
        }
        if (report_.doubled_count == 0) return;
        line(counted(report_.doubled_count,
                     "call has a path that looks doubled:", "calls have a path that looks doubled:"));
        for (const auto& doubled : report_.doubled) {
            line(fmt::format("  line {}: {} in {}", doubled.line, printable(doubled.part),
                             printable(doubled.path, longest_message)));
        }
        more(report_.doubled_count, report_.doubled.size());
    }

    void unsafe() {
        if (report_.unsafe_count == 0) return;
        line(fmt::format(
            "{} not safe to repeat and {} no idempotency key: when a run is killed, those in flight "
            "end as unknown. --idempotency-key auto prevents that, if the server honours such keys.",
            counted(report_.unsafe_count, "call is", "calls are"), report_.unsafe_count == 1 ? "has" : "have"));
    }

    void least_time() {
        for (const TimeBound& bound : report_.forecast.bounds) {
            const bool decides = &bound == &report_.forecast.bounds.front();
            line(fmt::format("{} {} ({})", decides ? "The run takes at least" : "  and at least",
                             seconds_in_words(bound.seconds), bound.because));
        }
        for (const auto& [unit, count] : report_.forecast.untold) {
            line(fmt::format("  not counting {} no cost in {}", counted(count, "call that states", "calls that state"),
                             unit));
        }
    }

    void budgets() {
        for (const BudgetForecast& budget : report_.forecast.budgets) line(budget_in_words(budget));
    }

    static std::string budget_in_words(const BudgetForecast& budget) {
        const policy::Budget& given = budget.rule.budget();
        const std::string amount = fmt::format("{} {}", amount_in_words(given.amount), given.unit);
        const std::string all = fmt::format("{} {}", amount_in_words(budget.needed), given.unit);
        const std::string untold =
            budget.untold == 0
                ? ""
                : counted(budget.untold, "call states no cost", "calls state no cost") + " in " + given.unit;
        if (budget.is_enough()) return fmt::format("The budget of {} is enough: all calls cost {}", amount, all);
        if (!budget.is_too_small())
            return fmt::format("Whether the budget of {} is enough can't be told: {}{}", amount, untold,
                               budget.needed > 0 ? fmt::format("; the others cost {}", all) : "");
        return fmt::format("The budget of {} lasts for {}: all calls cost {}{}", amount,
                           counted(budget.enough_for, "call", "calls"), all,
                           untold.empty() ? "" : fmt::format(" ({})", untold));
    }

    void more(std::uint64_t all, std::size_t told) {
        if (all > told) line(fmt::format("  and {} more", all - told));
    }

    static constexpr std::size_t longest_message = 300;

    const CheckReport& report_;
    std::string_view name_;
    std::string text_;
};

}  // namespace

std::string check_text(const CheckReport& report, std::string_view name) { return CheckText(report, name).write(); }

std::string refusals_text(const CheckReport& report) { return CheckText(report, "").write_refusals(); }

}  // namespace plait::batch
