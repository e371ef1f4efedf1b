#pragma once

#include "plait/convert/request/variables.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plait::convert {

/// One command of a shell script.
struct ShellCommand {
    std::size_t line;  ///< where it begins, from 1
    std::vector<std::string> words;
    std::vector<std::string> secrets{};  ///< the values of its variables with names for secrets, such as `$TOKEN`
    std::string problem{};               ///< why its words can't be known without running it; empty: they are known
};

/// Splits a script for bash into commands and words, and runs nothing.
///
/// Quotes are undone, `$'...'` among them. `$NAME` is a variable of `variables`, or one that the script sets by
/// `NAME=value`. Redirections are dropped, except `<`, which is a problem, and here-documents are skipped.
/// Substitutions, patterns and loops are problems of their command.
std::vector<ShellCommand> split_shell(std::string_view script, Variables variables = {});

}  // namespace plait::convert
