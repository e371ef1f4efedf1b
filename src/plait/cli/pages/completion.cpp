#include "plait/cli/pages/completion.hpp"

#include "plait/base/text/joined.hpp"
#include "plait/cli/flags/flag_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

namespace plait::cli {

namespace {

/// What may stand for a placeholder such as `FILE` or `async|sync|threads|processes`.
struct Candidates {
    enum class Kind { nothing_known, files, directories, words } kind = Kind::nothing_known;
    std::vector<std::string> words;
};

bool is_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '-'; });
}

Candidates candidates_for(std::string_view placeholder) {
    Candidates found;
    for (const std::string_view files : {"FILE", "REQUESTS", "RESULTS", "REQUESTS RESULTS", "INPUT"}) {
        if (placeholder == files) found.kind = Candidates::Kind::files;
    }
    if (placeholder == "DIR") found.kind = Candidates::Kind::directories;
    for (std::string_view rest = placeholder; !rest.empty();) {
        const std::string_view word = rest.substr(0, rest.find('|'));
        if (is_word(word)) found.words.emplace_back(word);
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    if (!found.words.empty()) found.kind = Candidates::Kind::words;
    return found;
}

std::string in_a_row(const std::vector<std::string>& words) { return joined_by(words, " "); }

/// The names of a flag: `-o` and `--output`.
std::vector<std::string> names_of(const Flag& flag) {
    std::vector<std::string> names{std::string(flag.long_name())};
    if (const auto comma = flag.name.find(','); comma != std::string::npos)
        names.insert(names.begin(), flag.name.substr(0, comma));
    return names;
}

/// As much of a help as fits beside a candidate.
std::string_view first_sentence(std::string_view help) {
    help = help.substr(0, help.find(". "));
    if (help.ends_with('.')) help.remove_suffix(1);
    return help;
}

/// `text` with a backslash before each of `specials`.
std::string with_backslashes(std::string_view text, std::string_view specials) {
    std::string result;
    for (const char c : text) {
        if (specials.find(c) != std::string_view::npos) result += '\\';
        result += c;
    }
    return result;
}

/// In single quotes, for shells in which nothing is special between them.
std::string quoted(std::string_view text) {
    std::string result = "'";
    for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

std::vector<std::string> names_of(const Commands& commands) {
    std::vector<std::string> names;
    for (const auto& command : commands) names.emplace_back(command->name());
    return names;
}

constexpr std::string_view help_about_command = "Print the help of a command";

// bash

std::string bash_reply(const Candidates& candidates) {
    switch (candidates.kind) {
        case Candidates::Kind::files:
            return "_plait_reply_with_files -f";
        case Candidates::Kind::directories:
            return "_plait_reply_with_files -d";
        case Candidates::Kind::words:
            return "_plait_reply_with " + quoted(in_a_row(candidates.words));
        case Candidates::Kind::nothing_known:
            break;
    }
    return ":";
}

std::string bash_command(Command& command) {
    std::vector<std::string> names{"--help"};
    std::vector<std::string> without_candidates;
    std::string text = fmt::format("    {})\n        case $previous in\n", command.name());
    for (const Flag& flag : command.flags()) {
        const std::vector<std::string> spellings = names_of(flag);
        names.insert(names.end(), spellings.begin(), spellings.end());
        if (!flag.needs_value()) continue;
        const Candidates candidates = candidates_for(flag.value);
        if (candidates.kind == Candidates::Kind::nothing_known) {
            without_candidates.insert(without_candidates.end(), spellings.begin(), spellings.end());
        } else {
            text += fmt::format("        {}) {}; return ;;\n", joined_by(spellings, " | "), bash_reply(candidates));
        }
    }
    if (!without_candidates.empty())
        text += fmt::format("        {}) return ;;\n", joined_by(without_candidates, " | "));
    return text + fmt::format(R"(        esac
        if [[ $current == -* ]]; then
            _plait_reply_with {}
        else
            {}
        fi
        ;;
)",
                              quoted(in_a_row(names)), bash_reply(candidates_for(command.positional().name)));
}

std::string bash_completion(const Commands& commands) {
    const std::vector<std::string> names = names_of(commands);
    std::vector<std::string> first{"--help", "-h", "--version", "-V", "help"};
    first.insert(first.end(), names.begin(), names.end());
    std::string text = R"(# bash completion for plait. Written by `plait completion bash`.

_plait_reply_with() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }

_plait_reply_with_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}

_plait() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    # bash splits --flag=value into three words.
    if [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi
    if [[ $current == = ]]; then current=; fi
    if ((COMP_CWORD == 1)); then
)";
    text += fmt::format("        _plait_reply_with {}\n        return\n    fi\n", quoted(in_a_row(first)));
    text += "    case ${COMP_WORDS[1]} in\n";
    text += fmt::format("    help) _plait_reply_with {} ;;\n", quoted(in_a_row(names)));
    for (const auto& command : commands) text += bash_command(*command);
    return text + "    esac\n}\n\ncomplete -F _plait plait\n";
}

// zsh

std::string zsh_candidates(const Candidates& candidates) {
    switch (candidates.kind) {
        case Candidates::Kind::files:
            return "_files";
        case Candidates::Kind::directories:
            return "_files -/";
        case Candidates::Kind::words:
            return fmt::format("({})", in_a_row(candidates.words));
        case Candidates::Kind::nothing_known:
            break;
    }
    return " ";
}

/// One argument of `_arguments`, such as `*--limit[Limit the rate of each group]:UNIT=AMOUNT/TIME: `.
std::string zsh_flag(const Flag& flag, const std::string& name) {
    std::string text = flag.is_repeatable ? "*" : fmt::format("({})", in_a_row(names_of(flag)));
    text += fmt::format("{}[{}]", name, with_backslashes(first_sentence(flag.help), "[]:\\"));
    if (!flag.value.empty()) {
        text += fmt::format("{}:{}:{}", flag.needs_value() ? "" : ":", with_backslashes(flag.value, ":\\"),
                            zsh_candidates(candidates_for(flag.value)));
    }
    return quoted(text);
}

std::string zsh_command(Command& command) {
    std::string text = fmt::format("        {})\n            _arguments -s \\\n", command.name());
    for (const Flag& flag : command.flags()) {
        for (const std::string& name : names_of(flag))
            text += fmt::format("                {} \\\n", zsh_flag(flag, name));
    }
    text += "                '--help[Print this help]'";
    if (const Positional positional = command.positional(); !positional.name.empty()) {
        text += fmt::format(" \\\n                {}",
                            quoted(fmt::format("*:{}:{}", with_backslashes(positional.name, ":\\"),
                                               zsh_candidates(candidates_for(positional.name)))));
    }
    return text + "\n            ;;\n";
}

std::string zsh_completion(const Commands& commands) {
    std::string text = R"(#compdef plait
# zsh completion for plait. Written by `plait completion zsh`.

_plait() {
    local curcontext=$curcontext state line
    local -a commands=(
)";
    for (const auto& command : commands) {
        text += fmt::format(
            "        {}\n",
            quoted(fmt::format("{}:{}", command->name(), with_backslashes(first_sentence(command->help()), ":\\"))));
    }
    text += fmt::format("        {}\n", quoted(fmt::format("help:{}", help_about_command)));
    text += R"(    )
    _arguments -C '(-h --help)'{-h,--help}'[Print this help]' '(-V --version)'{-V,--version}'[Print the version]' \
        '1:command:->command' '*::argument:->argument'
    case $state in
    command) _describe command commands ;;
    argument)
        case $line[1] in
        help)
            _describe command commands
            ;;
)";
    for (const auto& command : commands) text += zsh_command(*command);
    return text + R"(        esac
        ;;
    esac
}

# Autoloaded from a folder of fpath, this file is the function's body; sourced, it defines the function.
if [[ $funcstack[1] == _plait ]]; then _plait "$@"; else compdef _plait plait; fi
)";
}

// fish

std::string fish_quoted(std::string_view text) { return fmt::format("'{}'", with_backslashes(text, "'\\")); }

std::string fish_candidates(const Candidates& candidates) {
    switch (candidates.kind) {
        case Candidates::Kind::files:
            return " -F";
        case Candidates::Kind::directories:
            return " -a '(__fish_complete_directories)'";
        case Candidates::Kind::words:
            return " -a " + fish_quoted(in_a_row(candidates.words));
        case Candidates::Kind::nothing_known:
            break;
    }
    return {};
}

std::string fish_command(Command& command) {
    const std::string start = fmt::format("complete -c plait -n '__fish_seen_subcommand_from {}'", command.name());
    std::string text = fmt::format("\n{} -l help -d 'Print this help'\n", start);
    if (const Positional positional = command.positional(); !positional.name.empty())
        text += start + fish_candidates(candidates_for(positional.name)) + "\n";
    for (const Flag& flag : command.flags()) {
        text += start;
        for (const std::string& name : names_of(flag))
            text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        if (flag.needs_value()) {
            const Candidates candidates = candidates_for(flag.value);
            // -r alone offers files beside the candidates.
            text += (candidates.kind == Candidates::Kind::files ? " -r" : " -x") + fish_candidates(candidates);
        }
        text += fmt::format(" -d {}\n", fish_quoted(first_sentence(flag.help)));
    }
    return text;
}

std::string fish_completion(const Commands& commands) {
    std::string text = "# fish completion for plait. Written by `plait completion fish`.\n\ncomplete -c plait -f\n";
    text += "complete -c plait -n __fish_use_subcommand -s h -l help -d 'Print this help'\n";
    text += "complete -c plait -n __fish_use_subcommand -s V -l version -d 'Print the version'\n";
    text += fmt::format("complete -c plait -n __fish_use_subcommand -a help -d {}\n", fish_quoted(help_about_command));
    text += fmt::format("complete -c plait -n '__fish_seen_subcommand_from help' -a {}\n",
                        fish_quoted(in_a_row(names_of(commands))));
    for (const auto& command : commands) {
        text += fmt::format("complete -c plait -n __fish_use_subcommand -a {} -d {}\n", command->name(),
                            fish_quoted(first_sentence(command->help())));
    }
    for (const auto& command : commands) text += fish_command(*command);
    return text;
}

}  // namespace

const std::array<Shell, 3> shells{{{"bash", bash_completion}, {"zsh", zsh_completion}, {"fish", fish_completion}}};

}  // namespace plait::cli
