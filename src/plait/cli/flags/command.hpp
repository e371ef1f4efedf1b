#pragma once

#include "plait/cli/flags/flag.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace plait::cli {

/// The arguments of a command that are not flags.
struct Positional {
    std::string name;  ///< empty: there are none
    std::string help;
    bool is_list = true;  ///< one or more; else exactly those named
};

/// One of the program's commands.
class Command {
  public:
    virtual ~Command() = default;

    virtual std::string_view name() const = 0;
    /// One sentence, imperative: "Print the version."
    virtual std::string_view help() const = 0;

    /// The flags. Their effects change the command, which outlives them.
    virtual std::vector<Flag> flags() = 0;

    /// Further paragraphs of help, shown after the flags.
    virtual std::string_view notes() const { return {}; }

    virtual Positional positional() const { return {}; }
    virtual void set_positional(std::vector<std::string>) {}

    /// Runs the command, after flags and positional arguments are set, and returns the exit code. Throws `Error`.
    virtual int run() = 0;
};

/// All that the program has.
using Commands = std::vector<std::unique_ptr<Command>>;

}  // namespace plait::cli
