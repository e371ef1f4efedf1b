#pragma once

#include "plait/batch/answer/cost_source.hpp"
#include "plait/policy/pace/costs.hpp"
#include "plait/policy/pace/rate_limit.hpp"
#include "plait/policy/stop_rules.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// Finds rules of a run that can't work, as a typing mistake leaves them: a budget or limit in a unit in which no call
/// states a cost, and a pointer to the next page at which no first page has a value.
///
/// No single answer shows this: a call may cost nothing, and a list may have one page. Belongs to one loop.
class IdleRules {
  public:
    /// After this many answers, a unit without costs is worth a warning.
    static constexpr std::uint64_t enough_answers = 10;
    /// Further pointers, which lines may name, are not watched.
    static constexpr std::size_t most_pointers = 100;

    IdleRules(const std::vector<policy::RateLimit>& limits, const std::vector<policy::Budget>& budgets,
              const std::optional<CostSource>& cost_from);

    /// Whether there is a unit in which no call has stated a cost so far.
    bool has_silent_units() const noexcept { return !silent_.empty(); }

    /// Earlier runs of the same calls cost this much.
    void spent_before(const policy::Costs& costs);

    /// A 2xx answer has come of a call whose line states these costs. `reported`: whether the answer states one in the
    /// unit of `--cost-from`. Returns what is to be said now: sentences, once.
    std::vector<std::string> answered(const policy::Costs& stated, bool reported);

    /// The first page of a call has come. `has_value`: whether there is a value at `pointer`, perhaps null.
    void first_page(std::string_view pointer, bool has_value);

    /// What is to be said of the run: sentences. `has_ended`: few answers are enough.
    std::vector<std::string> sentences(bool has_ended) const;

  private:
    /// A rule whose unit no call has named yet.
    struct Silent {
        std::string unit;
        std::string effect;  ///< such as `--budget usd=5 limits nothing`
    };

    void named(std::string_view unit);
    std::vector<std::string> about_units() const;

    std::vector<Silent> silent_;
    std::optional<CostSource> cost_from_;
    std::uint64_t answers_ = 0;
    std::map<std::string, bool, std::less<>> pointers_;  ///< whether a first page had a value there
};

}  // namespace plait::batch
