#include "plait/cli/flags/flag_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace plait::cli {

std::vector<FlagGroup> grouped(std::vector<Flag> flags) {
    std::vector<FlagGroup> groups;
    for (Flag& flag : flags) {
        auto group = std::find_if(groups.begin(), groups.end(),
                                  [&flag](const FlagGroup& known) { return known.heading == flag.heading; });
        if (group == groups.end()) group = groups.insert(group, FlagGroup{flag.heading, {}});
        group->flags.push_back(std::move(flag));
    }
    return groups;
}

std::string spelled(const Flag& flag) {
    std::string text;
    for (const char c : flag.name) text += c == ',' ? std::string(", ") : std::string(1, c);
    return flag.value.empty() ? text : text + " " + flag.value;
}

std::string help_of(const Flag& flag) { return flag.is_repeatable ? flag.help + " Repeatable." : flag.help; }

std::string usage(const Command& command) {
    const Positional positional = command.positional();
    return fmt::format("plait {}{} [flags]", command.name(),
                       positional.name.empty() ? "" : " " + positional.name + (positional.is_list ? "..." : ""));
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t columns) {
    const std::size_t width = columns - indent;
    std::string result;
    for (;;) {
        const auto newline = text.find('\n');
        std::string_view line = text.substr(0, newline);
        while (line.size() > width) {
            auto blank = line.rfind(' ', width);
            if (blank == std::string_view::npos) blank = line.find(' ');
            if (blank == std::string_view::npos) break;
            result.append(line.substr(0, blank)).append("\n").append(indent, ' ');
            line.remove_prefix(blank + 1);
        }
        result += line;
        if (newline == std::string_view::npos) return result;
        text.remove_prefix(newline + 1);
        result += '\n';
        if (!text.starts_with('\n')) result.append(indent, ' ');
    }
}

}  // namespace plait::cli
