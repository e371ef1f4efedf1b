#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::doctor {

/// What a check found.
enum class Verdict {
    ok,
    warn,   ///< a large run works, but slower or less safely
    wrong,  ///< calls or a run would fail
};

/// Returns the verdict as reports spell it.
std::string_view to_string(Verdict verdict) noexcept;

/// The result of one check.
class Finding {
  public:
    Finding(std::string_view name_, Verdict verdict_, std::string message_, std::string advice_ = {})
        : name(name_), verdict(verdict_), message(std::move(message_)), advice(std::move(advice_)) {}

    std::string name;  ///< of the check, such as `local ports`
    Verdict verdict;
    std::string message;  ///< what is so, and what it means for a run
    std::string advice;   ///< what to do; empty: nothing
};

/// Whether any of them is wrong.
bool any_wrong(const std::vector<Finding>& findings) noexcept;

/// Returns a line for each finding.
std::string findings_text(const std::vector<Finding>& findings);

/// Returns the findings as a JSON object (docs/formats.md).
std::string findings_json(const std::vector<Finding>& findings);

}  // namespace plait::doctor
