#include "plait/convert/curl/curl.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/curl/curl_arguments.hpp"
#include "plait/convert/curl/curl_operation.hpp"
#include "plait/convert/curl/shell_words.hpp"
#include "plait/convert/request/internal/text_bits.hpp"
#include "plait/convert/request/internal/url_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace plait::convert {

namespace {

constexpr std::size_t largest_config = std::size_t{16} << 20;

bool is_curl_name(std::string_view word) { return word == "curl" || word == "curl.exe" || word.ends_with("/curl"); }

/// Words that stand before a command, as in `do curl` and `time curl`.
bool stands_before_command(std::string_view word) {
    constexpr std::array<std::string_view, 16> words{"$",    "do",   "then", "else",  "elif", "if", "while", "until",
                                                     "time", "sudo", "env",  "nohup", "exec", "!",  "{",     "("};
    const auto equals = word.find('=');
    const bool is_assignment = equals != std::string_view::npos && equals > 0 && word.find_first_of(":/") > equals;
    return is_assignment || std::find(words.begin(), words.end(), word) != words.end();
}

/// Whether the line's first command is curl, behind words such as `do` or in `x=$(curl`.
bool runs_curl(std::string_view line) {
    for (line = trimmed(line); !line.empty(); line = trimmed(line)) {
        std::string_view word = line.substr(0, line.find_first_of(" \t"));
        line.remove_prefix(word.size());
        const std::string_view inner = word.substr(word.find_last_of("(`\"") + 1);
        if (is_curl_name(word) || is_curl_name(inner)) return true;
        if (!stands_before_command(word)) return false;
    }
    return false;
}

/// Whether a command that is not curl may run curl: `time curl`, `sh -c "curl ..."`, `x=$(curl ...)`.
bool may_run_curl(const ShellCommand& command) {
    constexpr std::array<std::string_view, 8> harmless{"echo", "printf",  "which", "type",
                                                       "apt",  "apt-get", "brew",  "cat"};
    const std::vector<std::string>& words = command.words;
    if (words.empty() || std::find(harmless.begin(), harmless.end(), words[0]) != harmless.end()) return false;
    if (words[0] == "command" && words.size() > 1 && words[1] == "-v") return false;
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return is_curl_name(word) || word.find("curl ") != std::string_view::npos ||
               (!command.problem.empty() && word.find("curl") != std::string_view::npos);
    });
}

/// The program of a command, without the value of an assignment.
std::string program_of(const ShellCommand& command) {
    if (command.words.empty()) return "nothing";
    return printable(std::string_view(command.words[0]).substr(0, command.words[0].find('=')));
}

bool sets_url(std::string_view line) {
    line = trimmed(line);
    while (line.starts_with('-')) line.remove_prefix(1);
    return line.starts_with("url") && line.size() > 3 &&
           std::string_view(" \t=:").find(line[3]) != std::string_view::npos;
}

template <class Test>
bool has_line(std::string_view text, Test test) {
    const auto lines = internal::lines_of(text);
    return std::any_of(lines.begin(), lines.end(), test);
}

bool is_for_cmd(std::string_view text) {
    return text.find("curl ^\"") != std::string_view::npos || text.find(" ^\n") != std::string_view::npos ||
           text.find(" ^\r\n") != std::string_view::npos;
}

/// The arguments, with those of the files of `--config` in its place.
std::vector<CurlArgument> with_configs(std::vector<CurlArgument> arguments, int depth = 0) {
    if (depth > 8) throw_bad_input("its files for --config name each other");
    std::vector<CurlArgument> all;
    for (CurlArgument& argument : arguments) {
        if (argument.option->name != "config") {
            all.push_back(std::move(argument));
            continue;
        }
        auto inner = with_configs(curl_config(read_file(argument.value, largest_config)), depth + 1);
        std::move(inner.begin(), inner.end(), std::back_inserter(all));
    }
    return all;
}

/// Adds the requests of one run of curl.
void add_requests(const std::string& where, std::vector<CurlArgument> arguments, Conversion& conversion) {
    arguments = with_configs(std::move(arguments));
    std::vector<std::vector<CurlArgument>> operations(1);
    for (CurlArgument& argument : arguments) {
        if (argument.option->use == CurlUse::advised) {
            conversion.advise(argument.option->advice.empty()
                                  ? fmt::format("--{} is not part of a request line, and plait run does not have it",
                                                argument.option->name)
                                  : fmt::format("--{} is not part of a request line: give {} to plait run",
                                                argument.option->name, argument.option->advice));
        }
        if (argument.option->name == "next")
            operations.emplace_back();
        else
            operations.back().push_back(std::move(argument));
    }
    for (std::size_t n = 0; n < operations.size(); ++n) {
        const std::string here = operations.size() == 1 ? where : fmt::format("{}, request {}", where, n + 1);
        conversion.attempt(here, [&] {
            CurlOperation operation;
            for (const CurlArgument& argument : operations[n]) {
                if (argument.option->use == CurlUse::refused) throw_bad_input(std::string(argument.option->advice));
                if (argument.option->use == CurlUse::request) operation.take(argument);
            }
            if (operation.is_empty()) throw_bad_input("it has no URL");
            for (Request& request : operation.requests()) {
                const std::string named =
                    fmt::format("{} ({})", here, internal::request_name(request.method, request.url));
                conversion.add(named, std::move(request));
            }
        });
    }
}

void read_script(const Input& input, Conversion& conversion) {
    for (ShellCommand& command : split_shell(input.text, input.variables)) {
        const std::string where = fmt::format("{}line {}", input.prefix, command.line);
        if (!command.words.empty() && command.words[0] == "$") command.words.erase(command.words.begin());
        const bool is_curl = !command.words.empty() && is_curl_name(command.words[0]);
        conversion.know_secrets(command.secrets);
        if (!command.problem.empty() && (is_curl || command.words.empty())) {
            conversion.refuse(where, command.problem);
        } else if (!is_curl && may_run_curl(command)) {
            conversion.refuse(where, fmt::format("curl runs inside another command ({}): give it a line of its own",
                                                 program_of(command)));
        } else if (!is_curl) {
            conversion.leave_out(where, fmt::format("it runs {}, not curl", program_of(command)));
        } else {
            command.words.erase(command.words.begin());
            conversion.attempt(where, [&] { add_requests(where, curl_arguments(command.words), conversion); });
        }
    }
}

}  // namespace

bool is_curl(const Input& input) { return has_line(input.text, runs_curl) || has_line(input.text, sets_url); }

void read_curl(const Input& input, Conversion& conversion) {
    if (is_for_cmd(input.text)) {
        throw_bad_input(fmt::format("{} is for cmd.exe: in the browser, use \"Copy as cURL (bash)\"", input.name()));
    }
    if (has_line(input.text, runs_curl)) return read_script(input, conversion);
    const std::string where = input.prefix.empty() ? input.name() : input.prefix.substr(0, input.prefix.size() - 2);
    add_requests(where, curl_config(input.text), conversion);
}

}  // namespace plait::convert
