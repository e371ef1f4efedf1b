#include "plait/policy/stop_rules.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/policy/pace/internal/amount.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <utility>

namespace plait::policy {

namespace {

// The most calls that a percentage can look back on.
constexpr std::size_t most_ends = 1'000'000;

[[noreturn]] void refuse_budget(std::string_view text, const std::string& reason) {
    throw_bad_input(fmt::format("budget '{}': {}; write it as usd=5 or tokens=2M", text, reason));
}
[[noreturn]] void refuse_rule(std::string_view text, const std::string& reason) {
    throw_bad_input(fmt::format("stop rule '{}': {}; write it as 'failed>20% of 200' or 'failed>50'", text, reason));
}

}  // namespace

Budget parse_budget(std::string_view text) {
    const auto [unit, amount, rest, problem] = internal::parse_unit_amount(text);
    if (!problem.empty()) refuse_budget(text, problem);
    if (!rest.empty()) refuse_budget(text, "no number above 0 follows the '='");
    return Budget(unit, amount);
}

bool BudgetRule::reserve(double cost) noexcept {
    constexpr double rounding = 1e-9;
    if (spent_ + cost > budget_.amount * (1 + rounding)) return false;
    spent_ += cost;
    return true;
}

std::string BudgetRule::reason() const {
    return fmt::format("the budget of {} {} is used up", internal::amount_text(budget_.amount), budget_.unit);
}

StopIf parse_stop_if(std::string_view text) {
    StopIf rule;
    const auto than = text.find('>');
    if (than == std::string_view::npos) refuse_rule(text, "there is no '>'");
    const std::string_view outcome = trimmed(text.substr(0, than));
    if (!internal::is_unit_name(outcome)) refuse_rule(text, fmt::format("'{}' is not an outcome", outcome));
    rule.outcome = outcome;

    std::string_view rest = text.substr(than + 1);
    skip_blanks(rest);
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), rule.more_than, std::chars_format::fixed);
    if (error != std::errc() || !(rule.more_than >= 0)) refuse_rule(text, "no number follows the '>'");
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.empty()) {
        if (rule.more_than != std::floor(rule.more_than)) refuse_rule(text, "a count is a whole number");
        return rule;
    }
    if (!rest.starts_with('%')) refuse_rule(text, fmt::format("'{}' follows the number", rest));
    rest.remove_prefix(1);
    if (rule.more_than >= 100) refuse_rule(text, "more than 100% never happens");
    skip_blanks(rest);
    if (!rest.starts_with("of ")) refuse_rule(text, "it does not say of how many");
    rest.remove_prefix(3);
    skip_blanks(rest);
    const auto [rest_end, of_error] = std::from_chars(rest.data(), rest.data() + rest.size(), rule.of);
    if (of_error != std::errc() || rest_end != rest.data() + rest.size() || rule.of == 0 || rule.of > most_ends) {
        refuse_rule(text, fmt::format("'{}' is not a number from 1 to {}", rest, most_ends));
    }
    return rule;
}

bool StopIfRule::ended(std::string_view outcome) {
    const bool is_bad = outcome == rule_.outcome;
    bad_ += is_bad ? 1 : 0;
    if (rule_.of == 0) return static_cast<double>(bad_) > rule_.more_than;
    last_.push_back(is_bad);
    if (last_.size() > rule_.of) {
        bad_ -= last_.front() ? 1 : 0;
        last_.pop_front();
    }
    return last_.size() == rule_.of &&
           static_cast<double>(bad_) * 100 > rule_.more_than * static_cast<double>(rule_.of);
}

std::string StopIfRule::reason() const {
    if (rule_.of == 0)
        return fmt::format("{} call{} {}, more than {}", bad_, bad_ == 1 ? "" : "s", rule_.outcome, rule_.more_than);
    return fmt::format("{} of the last {} calls {}, more than {}%", bad_, last_.size(), rule_.outcome, rule_.more_than);
}

bool Canary::begin() noexcept {
    if (!problem_.empty() || (begun_ >= calls_ && ended_ < calls_)) return false;
    ++begun_;
    return true;
}

void Canary::ended(std::string_view problem) {
    if (ended_ >= calls_) return;
    ++ended_;
    if (problem_.empty()) problem_ = problem;
}

std::optional<std::string> Canary::reason() const {
    if (problem_.empty()) return std::nullopt;
    return fmt::format("{} failed, and the others would too: {}",
                       calls_ == 1 ? "the first call" : fmt::format("one of the first {} calls", calls_), problem_);
}

}  // namespace plait::policy
