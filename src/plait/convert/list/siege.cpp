#include "plait/convert/list/siege.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/text_bits.hpp"
#include "plait/convert/request/internal/url_text.hpp"
#include "plait/convert/request/secret_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

namespace plait::convert {

namespace {

constexpr std::array<std::string_view, 5> methods{"POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

/// Files that siege 4.0 reads as text, and drops the line breaks at their end.
constexpr std::array<std::string_view, 9> text_endings{"",     ".txt", ".htm", ".html", ".xml",
                                                       ".csv", ".tsv", ".css", ".c"};

constexpr std::size_t largest_text = std::size_t{16} << 20;

template <class Words>
bool is_one_of(std::string_view text, const Words& words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

/// A line: `URL`, `URL POST data`, `URL PUT <file`.
struct Target {
    std::string_view url;
    std::string_view method{};
    std::string_view data{};
};

Target split(std::string_view line) {
    const auto url_end = std::min(line.find_first_of(" \t"), line.size());
    std::string_view rest = trimmed(line.substr(url_end));
    const std::string_view method = rest.substr(0, rest.find_first_of(" \t"));
    if (!is_one_of(method, methods)) return {line};
    rest.remove_prefix(method.size());
    return {line.substr(0, url_end), method, trimmed(rest)};
}

bool is_assignment(std::string_view line) {
    const std::string_view name = line.substr(0, line.find('='));
    return name.size() < line.size() && name.find_first_of(":/. \t") == std::string_view::npos;
}

/// One file's lines.
class SiegeReader {
  public:
    SiegeReader(const Input& input, Conversion& conversion) : input_(input), conversion_(conversion) {}

    void read() {
        std::size_t number = 0;
        for (std::string_view line : internal::lines_of(input_.text)) {
            ++number;
            line = trimmed(line);
            if (line.empty() || line.starts_with('#')) continue;
            if (is_assignment(line)) {
                variables_[std::string(line.substr(0, line.find('=')))] = line.substr(line.find('=') + 1);
                continue;
            }
            const std::string where = fmt::format("{}line {}", input_.prefix, number);
            conversion_.know_secrets(secret_values());
            conversion_.attempt(where, [&] { conversion_.add(where, to_request(expanded(line))); });
        }
    }

  private:
    /// `$(NAME)` and `${NAME}`.
    std::string expanded(std::string_view text) const {
        std::string out;
        for (;;) {
            const auto dollar = text.find('$');
            out += text.substr(0, dollar);
            if (dollar == std::string_view::npos) return out;
            text.remove_prefix(dollar + 1);
            const auto end = text.starts_with('(')   ? text.find(')')
                             : text.starts_with('{') ? text.find('}')
                                                     : std::string_view::npos;
            if (end == std::string_view::npos) {
                out += '$';
                continue;
            }
            out += value_of(text.substr(1, end - 1));
            text.remove_prefix(end + 1);
        }
    }

    std::string value_of(std::string_view name) const {
        if (const std::string* given = input_.variables.find(name)) return *given;
        const auto known = variables_.find(name);
        if (known == variables_.end())
            throw_bad_input(fmt::format("$({0}) has no value: --var '{0}=...'", printable(name)));
        return known->second;
    }

    std::vector<std::string> secret_values() const {
        std::vector<std::string> secrets;
        for (const auto& [name, value] : variables_) {
            if (names_secret(name)) secrets.push_back(value);
        }
        return secrets;
    }

    Request to_request(const std::string& line) const {
        const Target target = split(line);
        for (const std::string_view word : {" POST", " PUT", " GET", " HEAD"}) {
            if (target.url.find(word) != std::string_view::npos)
                throw_bad_input(fmt::format("siege sends nothing useful for{} in this place", word));
        }
        Request request(target.method.empty() ? "GET" : std::string(target.method),
                        internal::UrlText(internal::with_unsafe_encoded(target.url)).with_user());
        if (target.method.empty()) return request;
        request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        if (!target.data.starts_with('<')) {
            if (!target.data.empty()) request.body = target.data;
            return request;
        }
        const std::string path = in_working_directory(trimmed(target.data.substr(1)));
        if (!is_one_of(std::filesystem::path(path).extension().string(), text_endings)) {
            request.body_file = path;
            return request;
        }
        request.body = read_file(path, largest_text);
        while (request.body->ends_with('\n') || request.body->ends_with('\r')) request.body->pop_back();
        return request;
    }

    const Input& input_;
    Conversion& conversion_;
    std::map<std::string, std::string, std::less<>> variables_;
};

}  // namespace

bool is_siege(const Input& input) {
    bool has_url = false, has_more = false;
    for (const std::string_view whole : internal::lines_of(input.text)) {
        const std::string_view line = trimmed(whole);
        if (line.empty() || line.starts_with('#')) continue;
        const Target target = split(line);
        if (target.url.find_first_of(".:/$=") == std::string_view::npos) return false;  // a word of a script
        if (is_assignment(whole)) {
            has_more = true;
        } else if (target.url.find_first_of("({\"=") < target.url.find("://") && !line.starts_with('$')) {
            return false;
        } else {
            has_url = has_url || target.url.find("://") != std::string_view::npos || line.starts_with('$');
            has_more = has_more || !target.method.empty();
        }
    }
    return has_url && has_more;
}

void read_siege(const Input& input, Conversion& conversion) { SiegeReader(input, conversion).read(); }

}  // namespace plait::convert
