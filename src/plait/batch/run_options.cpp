#include "plait/batch/run_options.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/method/descriptor_limit.hpp"

#include <fmt/format.h>

#include <set>
#include <string_view>

namespace plait::batch {

namespace {

std::size_t descriptors_beside(const RunOptions& options) {
    return options.page_url.empty() ? 0 : descriptors_of_a_page;
}

}  // namespace

policy::StopIf parse_stop_rule(const std::string& text) {
    policy::StopIf rule = policy::parse_stop_if(text);
    std::string names;
    for (std::size_t n = 0; n < outcome_count; ++n) {
        const std::string_view name = to_string(static_cast<Outcome>(n));
        if (rule.outcome == name) return rule;
        names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    }
    throw_bad_input(fmt::format("'{}' is not one of the outcomes {}", rule.outcome, names));
}

std::string usual_unit(const RunOptions& options) {
    std::set<std::string> units;
    for (const policy::RateLimit& limit : options.limits) units.insert(limit.unit);
    for (const policy::Budget& budget : options.budgets) units.insert(budget.unit);
    units.erase(std::string(policy::requests_unit));
    return units.size() == 1 ? *units.begin() : "";
}

std::size_t concurrency_of(const RunOptions& options) {
    const MethodEntry& method = *options.method;
    if (options.concurrency) return *options.concurrency;
    return calls_within_descriptors(max_adaptive_concurrency(method), method.descriptors_per_call,
                                    descriptors_beside(options));
}

void raise_descriptor_limit(const RunOptions& options) {
    raise_descriptor_limit(concurrency_of(options), options.method->descriptors_per_call, descriptors_beside(options));
}

}  // namespace plait::batch
