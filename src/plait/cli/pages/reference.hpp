#pragma once

#include "plait/cli/flags/command.hpp"

#include <array>
#include <string>
#include <string_view>

namespace plait::cli {

/// The purpose of the program, to stand after its name.
inline constexpr std::string_view program_description = "make many API calls at once, and lose no answer";

/// A command line, and what it does.
struct Example {
    std::string_view command;
    std::string_view help;
};

/// What most users come for.
inline constexpr std::array<Example, 3> program_examples{{
    {"plait run requests.jsonl -o results.jsonl",
     "Send the requests and write one result each. Repeat the command to resume."},
    {"plait run requests.jsonl -o results.jsonl --limit requests=500/m --budget requests=10k",
     "Obey a rate limit, and stop before sending more than 10,000 requests."},
    {"plait compare requests.jsonl", "Make the same calls with each method, and explain which one to use."},
}};

/// The output of `plait --help`.
std::string help_text(const Commands& commands);

/// The output of `plait COMMAND --help`.
std::string help_text(Command& command);

/// The page docs/cli.md.
std::string reference_markdown(const Commands& commands);

}  // namespace plait::cli
