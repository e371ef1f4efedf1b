#include "plait/cli/command_line.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/nearest_name.hpp"
#include "plait/cli/pages/man_page.hpp"
#include "plait/cli/pages/reference.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

namespace plait::cli {

namespace {

void apply(const Flag& flag, const std::string& value) {
    try {
        flag.effect(value);
    } catch (const Error& error) {
        throw_bad_input(fmt::format("{}: {}", flag.long_name(), error.what()));
    }
}

void apply_all(const Flag& flag, const std::vector<std::string>& values) {
    if (values.size() > 1 && !flag.is_repeatable)
        throw_bad_input(fmt::format("{} may be given only once", flag.long_name()));
    for (const std::string& value : values) apply(flag, value);
}

void add_flag(CLI::App& app, const Flag& flag) {
    if (flag.value.empty()) {
        app.add_flag_callback(flag.name, [&flag] { apply(flag, {}); })->disable_flag_override();
        return;
    }
    const auto effect = [&flag](const CLI::results_t& values) {
        apply_all(flag, values);
        return true;
    };
    CLI::Option* option = app.add_option(flag.name, effect);
    option->type_size(1)->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args(false);
}

bool is_number(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Whether a word behind a flag without a value may be something else: another flag, `-`, a file, a URL.
bool stands_for_itself(const std::string& word) {
    if (word.starts_with('-')) return word.size() == 1 || word[1] < '0' || word[1] > '9';
    std::error_code ignored;
    return word.find("://") != std::string::npos || std::filesystem::exists(word, ignored);
}

/// Writes flags whose value may be left out as `--flag=value`, because CLI11 would take whatever follows as the value.
std::vector<std::string> with_values(std::vector<std::string> arguments, const std::vector<Flag>& flags) {
    std::vector<std::string> result;
    for (std::size_t n = 0; n < arguments.size(); ++n) {
        if (arguments[n] == "--") {
            result.insert(result.end(), arguments.begin() + static_cast<std::ptrdiff_t>(n), arguments.end());
            break;
        }
        const auto flag = std::find_if(flags.begin(), flags.end(), [&](const Flag& known) {
            return !known.value_if_none.empty() && known.long_name() == arguments[n];
        });
        const bool has_value = n + 1 < arguments.size() && is_number(arguments[n + 1]);
        if (flag == flags.end()) {
            result.push_back(std::move(arguments[n]));
        } else {
            if (!has_value && n + 1 < arguments.size() && !stands_for_itself(arguments[n + 1]))
                throw_bad_input(fmt::format("{} {}: '{}' is neither a number, nor an existing file, nor a URL",
                                            flag->long_name(), flag->value, arguments[n + 1]));
            result.push_back(
                fmt::format("{}={}", flag->long_name(), has_value ? arguments[n + 1] : flag->value_if_none));
            if (has_value) ++n;
        }
    }
    return result;
}

/// Replaces CLI11's message about a missing or unwanted value.
[[noreturn]] void refuse_number_of_values(const CLI::ArgumentMismatch& error, const std::vector<Flag>& flags) {
    const std::string_view words = error.what();
    for (const Flag& flag : flags) {
        const std::string_view bare_name = flag.long_name().substr(2);
        if (words.find(bare_name) == std::string_view::npos) continue;
        if (flag.value.empty()) throw_bad_input(fmt::format("{} takes no value", flag.long_name()));
        throw_bad_input(fmt::format("{} needs a value: {}", flag.long_name(), flag.value));
    }
    throw_bad_input(error.what());
}

/// ", did you mean X?", or nothing.
std::string suggestion(const std::string& typed, const std::vector<std::string_view>& names) {
    const std::string_view nearest = nearest_name(typed, names);
    return nearest.empty() ? "" : fmt::format(", did you mean {}?", nearest);
}

std::vector<std::string_view> names_of(const std::vector<Flag>& flags) {
    std::vector<std::string_view> names{"--help"};
    for (const Flag& flag : flags) names.push_back(flag.long_name());
    return names;
}

bool is_help(std::string_view word) { return word == "--help" || word == "-h"; }

[[noreturn]] void refuse_command(const Commands& commands, const std::vector<std::string>& arguments) {
    std::vector<std::string_view> names;
    std::string list;
    for (const auto& command : commands) {
        names.push_back(command->name());
        list.append(list.empty() ? "" : ", ").append(command->name());
    }
    if (arguments.empty()) throw_bad_input("no command; the commands are " + list);
    throw_bad_input(
        fmt::format("unknown command {}{} (the commands are {})", arguments[0], suggestion(arguments[0], names), list));
}

Command& command_named(const Commands& commands, const std::string& name) {
    const auto command =
        std::find_if(commands.begin(), commands.end(), [&name](const auto& known) { return known->name() == name; });
    if (command == commands.end()) refuse_command(commands, {name});
    return **command;
}

[[noreturn]] void refuse_rest(const std::vector<std::string>& rest, const std::vector<Flag>& flags) {
    const std::string& first = rest.front();
    if (!first.starts_with('-')) throw_bad_input(fmt::format("unexpected argument {}", first));
    const std::string typed = first.substr(0, first.find('='));
    throw_bad_input(fmt::format("unknown flag {}{}", typed, suggestion(typed, names_of(flags))));
}

Request parse_command(Command& command, std::vector<std::string> arguments) {
    const std::vector<Flag> flags = command.flags();
    const Positional positional = command.positional();
    CLI::App app;
    app.allow_extras();
    for (const Flag& flag : flags) add_flag(app, flag);
    std::vector<std::string> values;
    if (!positional.name.empty()) app.add_option(positional.name, values, positional.help);

    arguments = with_values(std::move(arguments), flags);
    std::reverse(arguments.begin(), arguments.end());  // the order that CLI11 expects
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        const std::vector<std::string> rest = app.remaining();
        const auto unknown = std::find_if(
            rest.begin(), rest.end(), [](const std::string& word) { return word.starts_with('-') && word != "--"; });
        if (unknown != rest.end()) refuse_rest({*unknown}, flags);
        return {nullptr, help_text(command)};
    } catch (const CLI::ArgumentMismatch& error) {
        refuse_number_of_values(error, flags);
    } catch (const CLI::ParseError& error) {
        throw_bad_input(error.what());
    }
    std::vector<std::string> rest = app.remaining();
    std::erase(rest, "--");  // CLI11 keeps this separator
    if (!rest.empty()) refuse_rest(rest, flags);
    command.set_positional(std::move(values));
    return {&command, {}};
}

/// `plait help [COMMAND]`, and `plait --help [COMMAND]`.
Request help_about(const Commands& commands, const std::vector<std::string>& words) {
    if (words.empty()) return {nullptr, help_text(commands)};
    if (words.front().starts_with('-')) refuse_rest(words, {});
    Command& command = command_named(commands, words.front());
    if (words.size() > 1) refuse_rest({words.begin() + 1, words.end()}, {});
    return {nullptr, help_text(command)};
}

/// What a flag prints that stands where a command would.
std::string text_of_flag(const Commands& commands, const std::string& flag, std::string_view version) {
    if (flag == "--version" || flag == "-V") return fmt::format("plait {}\n", version);
    if (flag == "--help-markdown") return reference_markdown(commands);
    if (flag == "--help-man") return man_page(commands, version);
    throw_bad_input(fmt::format("unknown flag {}{} (plait --help lists the commands)", flag,
                                suggestion(flag, {"--help", "--version", "--help-man", "--help-markdown"})));
}

}  // namespace

Request parse_command_line(const Commands& commands, std::vector<std::string> arguments, std::string_view version) {
    if (arguments.empty()) refuse_command(commands, arguments);
    const std::string first = arguments.front();
    arguments.erase(arguments.begin());
    if (first == "help" || is_help(first)) return help_about(commands, arguments);
    if (first.starts_with('-')) {
        std::string text = text_of_flag(commands, first, version);
        if (!arguments.empty()) refuse_rest(arguments, {});
        return {nullptr, std::move(text)};
    }
    return parse_command(command_named(commands, first), std::move(arguments));
}

}  // namespace plait::cli
