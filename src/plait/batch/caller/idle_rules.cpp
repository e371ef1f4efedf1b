#include "plait/batch/caller/idle_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace plait::batch {

IdleRules::IdleRules(const std::vector<policy::RateLimit>& limits, const std::vector<policy::Budget>& budgets,
                     const std::optional<CostSource>& cost_from)
    : cost_from_(cost_from) {
    for (const policy::RateLimit& limit : limits)
        // Pace takes calls of unknown cost for whole bursts.
        silent_.push_back({limit.unit, fmt::format("--limit {} counts each as a whole burst and only slows the run",
                                                   policy::to_string(limit))});
    for (const policy::Budget& budget : budgets)
        silent_.push_back({budget.unit, fmt::format("--budget {}={:.10g} limits nothing", budget.unit, budget.amount)});
    named(policy::requests_unit);
}

void IdleRules::named(std::string_view unit) {
    std::erase_if(silent_, [unit](const Silent& rule) { return rule.unit == unit; });
}

void IdleRules::spent_before(const policy::Costs& costs) {
    for (const auto& [unit, amount] : costs) {
        if (amount > 0) named(unit);
    }
}

std::vector<std::string> IdleRules::answered(const policy::Costs& stated, bool reported) {
    for (const auto& [unit, amount] : stated) named(unit);
    if (reported) named(cost_from_->unit);
    ++answers_;
    return answers_ == enough_answers ? about_units() : std::vector<std::string>();
}

void IdleRules::first_page(std::string_view pointer, bool has_value) {
    auto known = pointers_.find(pointer);
    if (known == pointers_.end()) {
        if (pointers_.size() >= most_pointers) return;
        known = pointers_.emplace(pointer, false).first;
    }
    known->second = known->second || has_value;
}

std::vector<std::string> IdleRules::about_units() const {
    std::vector<std::string> sentences;
    for (const auto& [unit, effect] : silent_) {
        const bool is_read = cost_from_ && cost_from_->unit == unit;
        sentences.push_back(
            is_read ? fmt::format("no answer has a number at {} (--cost-from), so {}", cost_from_->pointer, effect)
                    : fmt::format("no call has stated a cost in {}, so {}: lines state one in \"cost\", "
                                  "or --cost-from {}=POINTER reads it from the answers",
                                  unit, effect, unit));
    }
    return sentences;
}

std::vector<std::string> IdleRules::sentences(bool has_ended) const {
    std::vector<std::string> sentences;
    if (answers_ >= enough_answers || (has_ended && answers_ > 0)) sentences = about_units();
    if (!has_ended) return sentences;
    for (const auto& [pointer, has_value] : pointers_) {
        if (has_value) continue;
        sentences.push_back(
            fmt::format("no first page has a value at {} (--follow), not even null: if the pointer is mistyped, all "
                        "further pages are missing",
                        pointer));
    }
    return sentences;
}

}  // namespace plait::batch
