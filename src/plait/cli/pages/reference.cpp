#include "plait/cli/pages/reference.hpp"

#include "plait/cli/flags/flag_text.hpp"
#include "plait/cli/screen/exit_code.hpp"

#include <fmt/format.h>

#include <string_view>

namespace plait::cli {

namespace {

constexpr std::size_t terminal_width = 80;
constexpr std::size_t document_width = 120;

/// A name and its help, in two columns.
std::string help_line(std::string_view name, std::string_view help) {
    constexpr std::size_t indent = 28;
    std::string line = fmt::format("  {}", name);
    if (line.size() + 2 > indent) {
        line.append("\n").append(indent, ' ');
    } else {
        line.resize(indent, ' ');
    }
    return line + wrapped(help, indent, terminal_width) + "\n";
}

std::string help_lines(const Flag& flag) {
    std::string text = help_line(spelled(flag), help_of(flag));
    for (const auto& [name, help] : flag.choices) text += help_line("    " + name, help);
    return text;
}

std::string list_item(std::string_view name, std::string_view help, std::size_t indent) {
    return fmt::format("{:{}}- {}\n", "", indent,
                       wrapped(fmt::format("`{}`: {}", name, help), indent + 2, document_width));
}

/// A list, because a | in a value would end the cell of a table.
std::string flags_markdown(const std::vector<FlagGroup>& groups) {
    std::string text;
    for (const FlagGroup& group : groups) {
        if (!group.heading.empty()) text += fmt::format("### {}\n\n", group.heading);
        for (const Flag& flag : group.flags) {
            text += list_item(spelled(flag), help_of(flag), 0);
            for (const auto& [name, help] : flag.choices) text += list_item(name, help, 2);
        }
        text += '\n';
    }
    return text;
}

std::string command_markdown(Command& command) {
    std::string text = fmt::format("\n## plait {}\n\n{}\n\n    {}\n\n", command.name(), command.help(), usage(command));
    if (const Positional positional = command.positional(); !positional.name.empty()) {
        text += wrapped(fmt::format("`{}`: {}", positional.name, positional.help), 0, document_width) + "\n\n";
    }
    text += flags_markdown(grouped(command.flags()));
    if (!command.notes().empty()) text += wrapped(command.notes(), 0, document_width) + "\n\n";
    text.pop_back();
    return text;
}

}  // namespace

std::string help_text(const Commands& commands) {
    std::string text = fmt::format("plait: {}\n\nExamples:\n", program_description);
    for (const auto& [command, help] : program_examples) text += fmt::format("  {}\n      {}\n", command, help);
    text += "\nUsage: plait COMMAND [flags]\n\nCommands:\n";
    for (const auto& command : commands) text += help_line(command->name(), command->help());
    text += "\n" + help_line("help [COMMAND]", "Print this help, or that of a command.");
    text += help_line("-V, --version", "Print the version.");
    text += help_line("-h, --help", "Print this help; after a command, its flags.");
    text += help_line("--help-man", "Print the manual page (man -l).");
    return text;
}

std::string help_text(Command& command) {
    std::string text = fmt::format("{}\n\nUsage: {}\n", command.help(), usage(command));
    if (const Positional positional = command.positional(); !positional.name.empty()) {
        text += "\n" + help_line(positional.name, positional.help);
    }
    for (const FlagGroup& group : grouped(command.flags())) {
        text += group.heading.empty() ? "\n" : fmt::format("\n{}:\n", group.heading);
        for (const Flag& flag : group.flags) text += help_lines(flag);
    }
    text += "\n" + help_line("--help", "Print this help.");
    if (!command.notes().empty()) text += "\n" + wrapped(command.notes(), 0, terminal_width) + "\n";
    return text;
}

std::string reference_markdown(const Commands& commands) {
    std::string text =
        fmt::format("# The command\n\n<!-- Written by `plait --help-markdown`; a test compares. -->\n\nplait: {}.\n",
                    program_description);
    for (const auto& command : commands) text += command_markdown(*command);
    text += "\n## Exit codes\n\n| code | meaning |\n|---|---|\n";
    for (const auto& [code, meaning] : exit_codes)
        text += fmt::format("| {} | {} |\n", static_cast<int>(code), meaning);
    return text;
}

}  // namespace plait::cli
