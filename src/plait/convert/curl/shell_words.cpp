#include "plait/convert/curl/shell_words.hpp"

#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/text_bits.hpp"
#include "plait/convert/request/secret_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace plait::convert {

namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

/// Splits one script (POSIX.1-2017, volume 3, section 2; bash(1), "QUOTING").
class ShellSplitter {
  public:
    ShellSplitter(std::string_view script, Variables variables) : rest_(script), variables_(std::move(variables)) {}

    std::vector<ShellCommand> split() {
        while (!rest_.empty()) step();
        end_command();
        return std::move(commands_);
    }

  private:
    void step() {
        const char c = rest_[0];
        if (rest_.starts_with("\\\n") || rest_.starts_with("\\\r\n")) {
            skip(rest_[1] == '\r' ? 3 : 2);
        } else if (c == ' ' || c == '\t' || c == '\r') {
            skip(1);
            end_word();
        } else if (c == '#' && !in_word_) {
            skip(std::min(rest_.find('\n'), rest_.size()));
        } else if (c == '\n' || c == ';' || c == '|' || c == '&') {
            skip(1);
            end_command();
            if (c == '\n') skip_here_documents();
        } else if (c == '<' || c == '>') {
            redirect(c);
        } else {
            begin_word();
            take_part(c);
        }
    }

    void begin_word() {
        if (command_.words.empty() && !in_word_) command_.line = line_;
        in_word_ = true;
    }

    /// Takes a quoted text or one character into the word.
    void take_part(char c) {
        skip(1);
        if (c == '\'') return take_single_quoted();
        if (c == '"') return take_double_quoted();
        if (c == '$' && rest_.starts_with('\'')) return take_ansi_quoted();
        if (c == '$') return take_variable();
        if (c == '`') return trouble("it runs a command in `...`");
        if (c == '\\' && !rest_.empty()) {
            word_ += rest_[0];
            return skip(1);
        }
        if (c == '(' || c == ')') trouble("it is a part of a function or a subshell");
        if (c == '{' && is_brace_expansion()) trouble("it has braces without quotes, which bash expands");
        word_ += c;
    }

    /// Behind the brace: `a,b}` or `1..9}`.
    bool is_brace_expansion() const {
        const std::string_view inside = rest_.substr(0, rest_.find_first_of("} \t\n\r'\""));
        return inside.size() < rest_.size() && rest_[inside.size()] == '}' &&
               (inside.find(',') != std::string_view::npos || inside.find("..") != std::string_view::npos);
    }

    void take_single_quoted() {
        const auto end = rest_.find('\'');
        if (end == std::string_view::npos) trouble("a quote ' is not closed");
        word_ += rest_.substr(0, end);
        skip(std::min(end, rest_.size()));
        if (!rest_.empty()) skip(1);
    }

    void take_double_quoted() {
        while (!rest_.empty() && rest_[0] != '"') {
            const char c = rest_[0];
            skip(1);
            if (c == '$') {
                take_variable();
            } else if (c == '`') {
                trouble("it runs a command in `...`");
            } else if (c == '\\' && !rest_.empty() &&
                       std::string_view("$`\"\\\n").find(rest_[0]) != std::string_view::npos) {
                if (rest_[0] != '\n') word_ += rest_[0];
                skip(1);
            } else {
                word_ += c;
            }
        }
        if (rest_.empty()) return trouble("a quote \" is not closed");
        skip(1);
    }

    /// `$'...'`, with escapes as in C.
    void take_ansi_quoted() {
        skip(1);
        while (!rest_.empty() && rest_[0] != '\'') {
            const char c = rest_[0];
            skip(1);
            if (c == '\\' && !rest_.empty()) {
                take_escape();
            } else {
                word_ += c;
            }
        }
        if (rest_.empty()) return trouble("a quote $' is not closed");
        skip(1);
    }

    void take_escape() {
        constexpr std::string_view letters = "abeEfnrtv\\'\"?", meanings = "\a\b\x1b\x1b\f\n\r\t\v\\'\"?";
        const char c = rest_[0];
        skip(1);
        if (const auto letter = letters.find(c); letter != std::string_view::npos) {
            word_ += meanings[letter];
        } else if (c == 'x') {
            take_code(2, 16, false);
        } else if (c == 'u' || c == 'U') {
            take_code(c == 'u' ? 4 : 8, 16, true);
        } else if (c >= '0' && c <= '7') {
            rest_ = std::string_view(rest_.data() - 1, rest_.size() + 1);
            take_code(3, 8, false);
        } else {
            word_.append("\\") += c;
        }
    }

    void take_code(std::size_t most_digits, int base, bool is_character) {
        unsigned code = 0;
        const char* begin = rest_.data();
        const auto parsed = std::from_chars(begin, begin + std::min(most_digits, rest_.size()), code, base);
        skip(static_cast<std::size_t>(parsed.ptr - begin));
        if (is_character) {
            internal::append_utf8(word_, code);
        } else {
            word_ += static_cast<char>(code);
        }
    }

    /// Behind the dollar sign.
    void take_variable() {
        const bool in_braces = rest_.starts_with('{');
        const std::string_view from = rest_.substr(in_braces ? 1 : 0);
        const auto size = static_cast<std::size_t>(std::find_if_not(from.begin(), from.end(), is_name) - from.begin());
        const std::string_view name = from.substr(0, size);
        const bool is_plain = size > 0 && is_name_start(name[0]) && (!in_braces || from.substr(size).starts_with('}'));
        if (!is_plain) {
            if (rest_.starts_with('(') || rest_.starts_with('{'))
                return trouble("it has a substitution $(...) or ${...}");
            word_ += '$';
            return;
        }
        const std::string* value = variables_.find(name);
        if (!value) trouble(fmt::format("${0} has no value: --var '{0}=...'", name));
        word_ += value ? *value : "";
        if (value && names_secret(name)) command_.secrets.push_back(*value);
        skip(size + (in_braces ? 2 : 0));
    }

    void redirect(char c) {
        // `2>` is a word that names a descriptor.
        if (in_word_ && word_.find_first_not_of("0123456789") == std::string::npos) {
            word_.clear();
            in_word_ = false;
        }
        end_word();
        if (c == '<') trouble("it reads standard input by <");
        if (rest_.starts_with("<<") && !rest_.starts_with("<<<")) return note_here_document();
        skip(std::min(rest_.find_first_not_of("<>&| \t"), rest_.size()));
        drops_word_ = true;
    }

    /// Takes `<<EOF`, `<<-EOF` or `<<'EOF'`. The text begins in the next line.
    void note_here_document() {
        skip(2);
        if (rest_.starts_with('-')) skip(1);
        skip(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
        const auto size = std::min(rest_.find_first_of(" \t\r\n;|&<>()"), rest_.size());
        std::string end(rest_.substr(0, size));
        std::erase_if(end, [](char each) { return each == '\'' || each == '"' || each == '\\'; });
        skip(size);
        here_documents_.push_back(std::move(end));
    }

    void skip_here_documents() {
        for (const std::string& end : here_documents_) {
            bool is_end = false;
            while (!rest_.empty() && !is_end) {
                const std::string_view line = rest_.substr(0, rest_.find('\n'));
                is_end = trimmed(line, " \t\r") == end;
                skip(std::min(line.size() + 1, rest_.size()));
            }
        }
        here_documents_.clear();
        if (command_.words.empty()) command_.line = line_;
    }

    void end_word() {
        if (!in_word_) return;
        in_word_ = false;
        if (drops_word_) {
            drops_word_ = false;
        } else {
            command_.words.push_back(std::move(word_));
        }
        word_.clear();
    }

    void end_command() {
        end_word();
        drops_word_ = false;
        if (!take_assignments() && (!command_.words.empty() || !command_.problem.empty()))
            commands_.push_back(std::move(command_));
        command_ = ShellCommand{line_, {}};
    }

    /// A command of nothing but `NAME=value` sets variables. Returns whether it is one.
    bool take_assignments() {
        if (command_.words.empty() || !command_.problem.empty()) return false;
        std::size_t skipped = command_.words[0] == "export" ? 1 : 0;
        const auto is_assignment = [](const std::string& word) {
            const auto end = std::find_if_not(word.begin(), word.end(), is_name);
            return end != word.begin() && end != word.end() && *end == '=' && is_name_start(word[0]);
        };
        const auto first = command_.words.begin() + static_cast<std::ptrdiff_t>(skipped);
        const auto end = std::find_if_not(first, command_.words.end(), is_assignment);
        if (end == command_.words.end()) {
            for (auto word = first; word != end; ++word)
                variables_.set(word->substr(0, word->find('=')), word->substr(word->find('=') + 1));
            return true;
        }
        command_.words.erase(command_.words.begin(), end);  // for this command's environment
        if (skipped) command_.words.insert(command_.words.begin(), "export");
        return false;
    }

    void trouble(std::string problem) {
        if (command_.problem.empty()) command_.problem = std::move(problem);
        if (command_.words.empty()) command_.line = line_;
    }

    void skip(std::size_t count) {
        line_ += static_cast<std::size_t>(
            std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(count), '\n'));
        rest_.remove_prefix(count);
    }

    std::string_view rest_;
    Variables variables_;
    std::size_t line_ = 1;
    std::vector<ShellCommand> commands_;
    ShellCommand command_{1, {}};
    std::string word_;
    bool in_word_ = false;
    bool drops_word_ = false;
    std::vector<std::string> here_documents_;  ///< the last lines of those that begin in the next line
};

}  // namespace

std::vector<ShellCommand> split_shell(std::string_view script, Variables variables) {
    return ShellSplitter(script, std::move(variables)).split();
}

}  // namespace plait::convert
