#include "plait/cli/reference.hpp"

#include "plait/cli/exit_code.hpp"

#include <fmt/format.h>

#include <string_view>

namespace plait::cli {

namespace {

constexpr std::string_view description = "Many third-party API calls in the time of the slowest few.";

std::string spelled(const Flag& flag) {
    std::string text;
    for (const char c : flag.name) text += c == ',' ? std::string(", ") : std::string(1, c);
    return flag.value.empty() ? text : text + " " + flag.value;
}

std::string help_of(const Flag& flag) { return flag.is_repeatable ? flag.help + " May be repeated." : flag.help; }

std::string usage(const Command& command) {
    const Positional positional = command.positional();
    return fmt::format("plait {}{} [flags]", command.name(),
                       positional.name.empty() ? "" : " " + positional.name + (positional.is_list ? "..." : ""));
}

/// `text` broken into lines of at most `columns`, each but the first behind `indent` blanks.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t columns) {
    std::string result;
    while (text.size() > columns) {
        const auto blank = text.rfind(' ', columns);
        if (blank == std::string_view::npos) break;
        result.append(text.substr(0, blank)).append("\n").append(indent, ' ');
        text.remove_prefix(blank + 1);
    }
    return result + std::string(text);
}

std::string help_line(std::string_view name, std::string_view help) {
    constexpr std::size_t indent = 28;
    constexpr std::size_t columns = 72;
    std::string line = fmt::format("  {}", name);
    if (line.size() + 2 > indent) {
        line.append("\n").append(indent, ' ');
    } else {
        line.resize(indent, ' ');
    }
    return line + wrapped(help, indent, columns) + "\n";
}

}  // namespace

std::string help_text(const Commands& commands) {
    std::string text = fmt::format("plait: {}\n\nUsage: plait COMMAND [flags]\n\nCommands:\n", description);
    for (const auto& command : commands) text += help_line(command->name(), command->help());
    text += "\n" + help_line("--version", "Prints the version.");
    text += help_line("--help", "Prints this; behind a command, its flags.");
    return text;
}

std::string help_text(Command& command) {
    std::string text = fmt::format("{}\n\nUsage: {}\n\n", command.help(), usage(command));
    if (const Positional positional = command.positional(); !positional.name.empty()) {
        text += help_line(positional.name, positional.help) + "\n";
    }
    for (const Flag& flag : command.flags()) text += help_line(spelled(flag), help_of(flag));
    text += help_line("--help", "Prints this.");
    if (!command.notes().empty()) text += "\n" + wrapped(command.notes(), 0, 100) + "\n";
    return text;
}

std::string reference_markdown(const Commands& commands) {
    std::string text = fmt::format(
        "# The command\n\n<!-- Written by `plait --help-markdown`; a test compares. -->\n\n{}\n", description);
    for (const auto& command : commands) {
        text += fmt::format("\n## plait {}\n\n{}\n\n    {}\n\n", command->name(), command->help(), usage(*command));
        if (const Positional positional = command->positional(); !positional.name.empty()) {
            text += fmt::format("`{}`: {}\n\n", positional.name, positional.help);
        }
        // A list, because a | in a value would end the cell of a table.
        for (const Flag& flag : command->flags()) text += fmt::format("- `{}`: {}\n", spelled(flag), help_of(flag));
        if (!command->notes().empty()) text += fmt::format("\n{}\n", command->notes());
    }
    text += "\n## Exit codes\n\n| code | meaning |\n|---|---|\n";
    for (const auto& [code, meaning] : exit_codes)
        text += fmt::format("| {} | {} |\n", static_cast<int>(code), meaning);
    return text;
}

}  // namespace plait::cli
