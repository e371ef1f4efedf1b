#include "plait/batch/requests/internal/rule_fields.hpp"

#include "plait/base/error.hpp"
#include "plait/json/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace plait::batch::internal {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr int most_attempts = 1000;

/// Letters, digits, `_` and `-`, so that a flag such as `--limit tokens=90k/m` can name it.
bool is_unit(std::string_view text) {
    const auto is_part = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), is_part);
}

}  // namespace

void read_retry(ondemand::value value, CallRules& rules) {
    for (ondemand::field field : json::read_object(value, "retry")) {
        const std::string_view name = field.unescaped_key();
        if (name == "max_attempts") {
            rules.max_attempts = json::read_whole_number(field.value(), name, 1, most_attempts);
        } else if (name == "statuses") {
            for (ondemand::value status : json::read_list(field.value(), name)) {
                rules.retry_statuses.push_back(json::read_whole_number(status, name, 100, 599));
            }
        } else {
            throw_bad_input(fmt::format("\"retry\": {}", json::unknown_field(name, std::array<std::string_view, 2>{
                                                                                       "max_attempts", "statuses"})));
        }
    }
}

policy::Costs read_costs(ondemand::value value) {
    policy::Costs costs;
    for (ondemand::field field : json::read_object(value, "cost")) {
        const std::string_view unit = field.unescaped_key();
        if (!is_unit(unit)) throw_bad_input("\"cost\": a unit is one word, of letters, digits, _ and -");
        const double amount = json::read_number(field.value(), unit);
        if (amount < 0) throw_bad_input(fmt::format("\"cost\": \"{}\" is less than 0", unit));
        costs.set(unit, amount);
    }
    return costs;
}

}  // namespace plait::batch::internal
