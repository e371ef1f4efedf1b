#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::cli {

/// One of the words that a flag's value may be, with its meaning.
struct Choice {
    std::string name;
    std::string help;
};

/// Everything about a flag in one block: its name, its value, its help, its effect. Parsing, `--help`, docs/cli.md,
/// the man page and the shells' completion come from it.
///
///     {"--quiet", "", "Show neither progress nor summary.", [this](const std::string&) { quiet_ = true; }}
class Flag {
  public:
    /// Receives the value as it was typed; empty for a flag without one. Throws `Error(bad_input)` that says what the
    /// value should be.
    using Effect = std::function<void(const std::string& value)>;

    Flag(std::string name_, std::string value_, std::string help_, Effect effect_)
        : name(std::move(name_)), value(std::move(value_)), help(std::move(help_)), effect(std::move(effect_)) {}

    /// The same flag, which may be given more than once.
    Flag repeatable() && {
        is_repeatable = true;
        return std::move(*this);
    }

    /// The same flag, with a list of what its value may be.
    Flag with_choices(std::vector<Choice> choices_) && {
        choices = std::move(choices_);
        return std::move(*this);
    }

    /// The same flag, whose value may be left out: it is then `value_if_none`. `value` is written in brackets, such as
    /// `[PORT]`, and must be a number, so that it is told apart from what follows the flag.
    Flag with_optional_number(std::string value_if_none_) && {
        value_if_none = std::move(value_if_none_);
        return std::move(*this);
    }

    bool needs_value() const { return !value.empty() && value_if_none.empty(); }
    std::string_view long_name() const { return std::string_view(name).substr(name.find("--")); }

    std::string name;   ///< such as `--output`, or `-o,--output`
    std::string value;  ///< the placeholder for the value, such as `FILE`; empty: the flag has none
    std::string help;   ///< imperative sentences
    Effect effect;
    std::vector<Choice> choices;
    std::string_view heading{};  ///< the group in which help and documents show it; empty: before all groups
    bool is_repeatable = false;
    std::string value_if_none{};  ///< empty: a value must be given
};

/// These flags as a group with a heading, which outlives them.
inline std::vector<Flag> under(std::string_view heading, std::vector<Flag> flags) {
    for (Flag& flag : flags) flag.heading = heading;
    return flags;
}

/// The headings that several commands share.
namespace headings {
inline constexpr std::string_view input_and_output = "Input and output";
inline constexpr std::string_view rows = "Rows";
inline constexpr std::string_view resuming = "Resuming";
inline constexpr std::string_view limits = "Limits and concurrency";
inline constexpr std::string_view retries = "Retries";
inline constexpr std::string_view follow_ups = "Pages and jobs";
inline constexpr std::string_view stopping = "Stopping early";
inline constexpr std::string_view connection = "Connection";
inline constexpr std::string_view cluster = "Cluster";
inline constexpr std::string_view diagnosis = "Diagnosis";
}  // namespace headings

/// The flags of all lists, in their order.
template <class... More>
std::vector<Flag> joined(std::vector<Flag> first, More... more) {
    (std::move(more.begin(), more.end(), std::back_inserter(first)), ...);
    return first;
}

}  // namespace plait::cli
