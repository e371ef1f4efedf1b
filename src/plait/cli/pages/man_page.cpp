#include "plait/cli/pages/man_page.hpp"

#include "plait/cli/flags/flag_text.hpp"
#include "plait/cli/pages/reference.hpp"
#include "plait/cli/screen/exit_code.hpp"

#include <fmt/format.h>

namespace plait::cli {

namespace {

/// `text` as troff prints it literally.
std::string escaped(std::string_view text) {
    std::string result;
    char before = '\n';
    for (const char c : text) {
        if (before == '\n' && (c == '.' || c == '\'')) result += "\\&";  // else it is a request of roff
        if (c == '\\') {
            result += "\\e";
        } else if (c == '-') {
            result += "\\-";  // a hyphen would not survive copying from the page to a shell
        } else {
            result += c;
        }
        before = c;
    }
    return result;
}

std::string tagged(std::string_view tag, std::string_view text) {
    return fmt::format(".TP\n{}\n{}\n", tag, escaped(text));
}

/// `\fB\-o\fR, \fB\-\-output\fR \fIFILE\fR`
std::string tag_of(const Flag& flag) {
    std::string tag = "\\fB";
    for (const char c : flag.name) tag += c == ',' ? "\\fR, \\fB" : escaped(std::string_view(&c, 1));
    tag += "\\fR";
    return flag.value.empty() ? tag : fmt::format("{} \\fI{}\\fR", tag, escaped(flag.value));
}

std::string flag_section(const Flag& flag) {
    std::string text = tagged(tag_of(flag), help_of(flag));
    if (flag.choices.empty()) return text;
    text += ".RS\n";
    for (const auto& [name, help] : flag.choices) text += tagged(fmt::format("\\fB{}\\fR", escaped(name)), help);
    return text + ".RE\n";
}

std::string paragraphs(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const auto end = text.find("\n\n");
        result += fmt::format(".PP\n{}\n", escaped(text.substr(0, end)));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    }
    return result;
}

std::string command_section(Command& command) {
    std::string text =
        fmt::format(".SH {}\n.B {}\n", escaped(fmt::format("\"plait {}\"", command.name())), escaped(usage(command)));
    text += paragraphs(command.help());
    if (const Positional positional = command.positional(); !positional.name.empty())
        text += tagged(fmt::format("\\fI{}\\fR", escaped(positional.name)), positional.help);
    for (const FlagGroup& group : grouped(command.flags())) {
        if (!group.heading.empty()) text += fmt::format(".SS {}\n", escaped(group.heading));
        for (const Flag& flag : group.flags) text += flag_section(flag);
    }
    return text + paragraphs(command.notes());
}

}  // namespace

std::string man_page(const Commands& commands, std::string_view version) {
    std::string text = fmt::format(".TH PLAIT 1 \"\" \"plait {}\" \"User Commands\"\n", version);
    text += fmt::format(".SH NAME\nplait \\- {}\n", escaped(program_description));
    text += ".SH SYNOPSIS\n.B plait\n\\fICOMMAND\\fR [flags]\n.SH COMMANDS\n";
    for (const auto& command : commands)
        text += tagged(fmt::format("\\fB{}\\fR", escaped(command->name())), command->help());
    text += ".SH EXAMPLES\n";
    for (const auto& [line, help] : program_examples) text += tagged(fmt::format("\\fB{}\\fR", escaped(line)), help);
    for (const auto& command : commands) text += command_section(*command);
    text += ".SH \"EXIT STATUS\"\n";
    for (const auto& [code, meaning] : exit_codes) text += tagged(fmt::to_string(static_cast<int>(code)), meaning);
    return text;
}

}  // namespace plait::cli
