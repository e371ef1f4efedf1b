#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::cli {

/// All there is to say about a flag, in one block: its name, its value, its help, its effect. Parsing, `--help` and
/// docs/cli.md come from it.
class Flag {
  public:
    /// Takes the value as it was typed; empty for a flag without one. Throws `Error(bad_input)` that says what it
    /// should be.
    using Effect = std::function<void(const std::string& value)>;

    Flag(std::string name_, std::string value_, std::string help_, Effect effect_)
        : name(std::move(name_)), value(std::move(value_)), help(std::move(help_)), effect(std::move(effect_)) {}

    /// The same flag, which may be given more than once.
    Flag repeatable() && {
        is_repeatable = true;
        return std::move(*this);
    }

    std::string_view long_name() const { return std::string_view(name).substr(name.find("--")); }

    std::string name;   ///< such as `--output`, or `-o,--output`
    std::string value;  ///< what stands for the value in the help; empty: the flag has none
    std::string help;
    Effect effect;
    bool is_repeatable = false;
};

/// The flags of both lists, in their order.
inline std::vector<Flag> joined(std::vector<Flag> first, std::vector<Flag> second) {
    std::move(second.begin(), second.end(), std::back_inserter(first));
    return first;
}

}  // namespace plait::cli
