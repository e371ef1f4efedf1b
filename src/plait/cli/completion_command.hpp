#pragma once

#include "plait/cli/flags/command.hpp"

#include <string>
#include <utility>
#include <vector>

namespace plait::cli {

/// `plait completion`: scripts that let a shell complete the program's arguments.
class CompletionCommand final : public Command {
  public:
    /// `all_commands()` makes the commands that are completed, this one among them.
    explicit CompletionCommand(Commands (*all_commands)()) : all_commands_(all_commands) {}

    std::string_view name() const override { return "completion"; }
    std::string_view help() const override { return "Print a script that lets a shell complete plait's arguments."; }
    std::string_view notes() const override;
    std::vector<Flag> flags() override { return {}; }
    Positional positional() const override;
    void set_positional(std::vector<std::string> values) override { shells_ = std::move(values); }
    int run() override;

  private:
    Commands (*all_commands_)();
    std::vector<std::string> shells_;
};

}  // namespace plait::cli
