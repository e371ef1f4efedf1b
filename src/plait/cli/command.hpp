#pragma once

#include "plait/cli/flag.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::cli {

/// What follows the flags of a command.
struct Positional {
    std::string name;  ///< empty: nothing may follow
    std::string help;
    bool is_list = true;  ///< as many as one likes
};

/// One of the program's commands.
class Command {
  public:
    virtual ~Command() = default;

    virtual std::string_view name() const = 0;
    /// One line.
    virtual std::string_view help() const = 0;

    /// The flags; their effects reach into the command, which outlives them.
    virtual std::vector<Flag> flags() = 0;

    /// What else its users should know; shown behind the flags.
    virtual std::string_view notes() const { return {}; }

    virtual Positional positional() const { return {}; }
    virtual void set_positional(std::vector<std::string>) {}

    /// Does it, when flags and positional are set: the exit code. Throws `Error`.
    virtual int run() = 0;
};

}  // namespace plait::cli
