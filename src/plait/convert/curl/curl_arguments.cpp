#include "plait/convert/curl/curl_arguments.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/text_bits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace plait::convert {

namespace {

using enum CurlUse;

constexpr std::array options{
    CurlOption{"url", 0, true, request},
    CurlOption{"request", 'X', true, request},
    CurlOption{"header", 'H', true, request},
    CurlOption{"data", 'd', true, request},
    CurlOption{"data-ascii", 0, true, request},
    CurlOption{"data-raw", 0, true, request},
    CurlOption{"data-binary", 0, true, request},
    CurlOption{"data-urlencode", 0, true, request},
    CurlOption{"json", 0, true, request},
    CurlOption{"form", 'F', true, request},
    CurlOption{"form-string", 0, true, request},
    CurlOption{"get", 'G', false, request},
    CurlOption{"head", 'I', false, request},
    CurlOption{"user", 'u', true, request},
    CurlOption{"basic", 0, false, ignored},
    CurlOption{"oauth2-bearer", 0, true, request},
    CurlOption{"user-agent", 'A', true, request},
    CurlOption{"referer", 'e', true, request},
    CurlOption{"cookie", 'b', true, request},
    CurlOption{"upload-file", 'T', true, request},
    CurlOption{"range", 'r', true, request},
    CurlOption{"globoff", 'g', false, request},
    CurlOption{"url-query", 0, true, request},
    CurlOption{"path-as-is", 0, false, request},
    CurlOption{"max-time", 'm', true, request},
    CurlOption{"next", ':', false, request},
    CurlOption{"config", 'K', true, request},

    CurlOption{"digest", 0, false, refused, "its login is Digest"},
    CurlOption{"ntlm", 0, false, refused, "its login is NTLM"},
    CurlOption{"negotiate", 0, false, refused, "its login is Negotiate"},
    CurlOption{"anyauth", 0, false, refused, "the server chooses its login"},
    CurlOption{"aws-sigv4", 0, true, refused, "its signature is computed anew for each request"},
    CurlOption{"time-cond", 'z', true, refused, "it depends on the time of a file"},
    CurlOption{"continue-at", 'C', true, refused, "it continues a file"},

    CurlOption{"insecure", 'k', false, advised, "--insecure"},
    CurlOption{"cacert", 0, true, advised, "--cacert"},
    CurlOption{"cert", 'E', true, advised, "--cert"},
    CurlOption{"key", 0, true, advised, "--key"},
    CurlOption{"proxy", 'x', true, advised, "--proxy"},
    CurlOption{"noproxy", 0, true, advised, "--noproxy"},
    CurlOption{"netrc", 'n', false, advised, "--netrc"},
    CurlOption{"resolve", 0, true, advised, "--resolve"},
    CurlOption{"connect-to", 0, true, advised, "--connect-to"},
    CurlOption{"cookie-jar", 'c', true, advised, "--cookies"},
    CurlOption{"connect-timeout", 0, true, advised, "--connect-timeout"},
    CurlOption{"max-redirs", 0, true, advised, "--max-redirects"},

    CurlOption{"proxy-user", 'U', true, advised, "--proxy with user and password"},
    CurlOption{"ciphers", 0, true, advised, ""},
    CurlOption{"interface", 0, true, advised, ""},
    CurlOption{"unix-socket", 0, true, advised, "--unix-socket"},
    CurlOption{"tlsv1", '1', false, ignored},

    CurlOption{"compressed", 0, false, ignored},
    CurlOption{"location", 'L', false, ignored},
    CurlOption{"location-trusted", 0, false, ignored},
    CurlOption{"silent", 's', false, ignored},
    CurlOption{"show-error", 'S', false, ignored},
    CurlOption{"verbose", 'v', false, ignored},
    CurlOption{"include", 'i', false, ignored},
    CurlOption{"fail", 'f', false, ignored},
    CurlOption{"fail-with-body", 0, false, ignored},
    CurlOption{"fail-early", 0, false, ignored},
    CurlOption{"no-buffer", 'N', false, ignored},
    CurlOption{"progress-bar", '#', false, ignored},
    CurlOption{"no-progress-meter", 0, false, ignored},
    CurlOption{"output", 'o', true, ignored},
    CurlOption{"output-dir", 0, true, ignored},
    CurlOption{"create-dirs", 0, false, ignored},
    CurlOption{"remote-name", 'O', false, ignored},
    CurlOption{"remote-name-all", 0, false, ignored},
    CurlOption{"remote-header-name", 'J', false, ignored},
    CurlOption{"write-out", 'w', true, ignored},
    CurlOption{"dump-header", 'D', true, ignored},
    CurlOption{"stderr", 0, true, ignored},
    CurlOption{"trace", 0, true, ignored},
    CurlOption{"trace-ascii", 0, true, ignored},
    CurlOption{"trace-time", 0, false, ignored},
    CurlOption{"retry", 0, true, ignored},
    CurlOption{"retry-delay", 0, true, ignored},
    CurlOption{"retry-max-time", 0, true, ignored},
    CurlOption{"retry-all-errors", 0, false, ignored},
    CurlOption{"retry-connrefused", 0, false, ignored},
    CurlOption{"rate", 0, true, ignored},
    CurlOption{"limit-rate", 0, true, ignored},
    CurlOption{"parallel", 'Z', false, ignored},
    CurlOption{"parallel-max", 0, true, ignored},
    CurlOption{"parallel-immediate", 0, false, ignored},
    CurlOption{"keepalive-time", 0, true, ignored},
    CurlOption{"keepalive", 0, false, ignored},
    CurlOption{"tcp-nodelay", 0, false, ignored},
    CurlOption{"http1.1", 0, false, ignored},
    CurlOption{"http2", 0, false, ignored},
    CurlOption{"http2-prior-knowledge", 0, false, ignored},
    CurlOption{"http1.0", '0', false, ignored},
    CurlOption{"ipv4", '4', false, ignored},
    CurlOption{"ipv6", '6', false, ignored},
    CurlOption{"tlsv1.2", 0, false, ignored},
    CurlOption{"tlsv1.3", 0, false, ignored},
    CurlOption{"disable", 'q', false, ignored},
    CurlOption{"expect100-timeout", 0, true, ignored},
};

const CurlOption& url_option = options[0];

const CurlOption* find(std::string_view name) {
    const auto found =
        std::find_if(options.begin(), options.end(), [name](const auto& each) { return each.name == name; });
    return found == options.end() ? nullptr : found;
}

const CurlOption& named(std::string_view name) {
    if (const CurlOption* option = find(name)) return *option;
    throw_bad_input(fmt::format("unknown option --{}", printable(name)));
}

const CurlOption& lettered(char letter) {
    const auto found =
        std::find_if(options.begin(), options.end(), [letter](const auto& each) { return each.letter == letter; });
    if (found != options.end()) return *found;
    throw_bad_input(fmt::format("unknown option -{}", printable({&letter, 1})));
}

/// `--no-silent` switches an option off, and so does no harm.
bool is_off(std::string_view name) {
    constexpr std::string_view prefix = "no-";
    return !find(name) && name.starts_with(prefix) && find(name.substr(prefix.size()));
}

class Words {
  public:
    explicit Words(const std::vector<std::string>& words) : words_(words) {}

    std::vector<CurlArgument> read() {
        bool only_urls = false;
        while (next_ < words_.size()) {
            const std::string& word = words_[next_++];
            if (only_urls || word.size() < 2 || word[0] != '-') {
                arguments_.push_back({&url_option, word});
            } else if (word == "--") {
                only_urls = true;
            } else if (word.starts_with("--")) {
                if (!is_off(word.substr(2))) take(named(word.substr(2)), {}, false);
            } else {
                read_letters(std::string_view(word).substr(1));
            }
        }
        return std::move(arguments_);
    }

  private:
    /// `sSXPOST`: the value may follow its letter.
    void read_letters(std::string_view letters) {
        while (!letters.empty()) {
            const CurlOption& option = lettered(letters[0]);
            letters.remove_prefix(1);
            take(option, letters, !letters.empty());
            if (option.has_value) return;
        }
    }

    void take(const CurlOption& option, std::string_view value, bool has_value) {
        if (!option.has_value) return arguments_.push_back({&option, {}});
        if (!has_value) {
            if (next_ == words_.size()) throw_bad_input(fmt::format("--{} has no value", option.name));
            value = words_[next_++];
        }
        arguments_.push_back({&option, std::string(value)});
    }

    const std::vector<std::string>& words_;
    std::size_t next_ = 0;
    std::vector<CurlArgument> arguments_;
};

/// The value behind an option: in quotes with escapes, or up to the first blank.
std::string config_value(std::string_view text) {
    if (!text.starts_with('"')) return std::string(text.substr(0, text.find_first_of(" \t")));
    constexpr std::string_view letters = "tnrv", meanings = "\t\n\r\v";
    std::string value;
    for (std::size_t i = 1; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            value += text[i];
            continue;
        }
        const auto letter = letters.find(text[++i]);
        value += letter == std::string_view::npos ? text[i] : meanings[letter];
    }
    return value;
}

}  // namespace

std::vector<CurlArgument> curl_arguments(const std::vector<std::string>& words) { return Words(words).read(); }

std::vector<CurlArgument> curl_config(std::string_view text) {
    std::vector<CurlArgument> arguments;
    std::size_t number = 0;
    for (std::string_view line : internal::lines_of(text)) {
        ++number;
        line = trimmed(line);
        if (line.empty() || line.starts_with('#')) continue;
        const bool has_dash = line.starts_with('-');
        const std::string_view name = line.substr(0, line.find_first_of(has_dash ? " \t" : " \t=:"));
        line.remove_prefix(name.size());
        line.remove_prefix(std::min(line.find_first_not_of(" \t=:"), line.size()));
        try {
            const bool is_letter = has_dash && !name.starts_with("--");
            if (is_letter && name.size() > 2) throw_bad_input(fmt::format("'{}' is not an option", printable(name)));
            const std::string_view word = name.substr(has_dash && !is_letter ? 2 : 0);
            if (!is_letter && is_off(word)) continue;
            const CurlOption& option = is_letter ? lettered(name.back()) : named(word);
            if (option.has_value && line.empty()) throw_bad_input(fmt::format("{} has no value", name));
            arguments.push_back({&option, option.has_value ? config_value(line) : std::string()});
        } catch (const Error& error) {
            throw_bad_input(fmt::format("line {}: {}", number, error.what()));
        }
    }
    return arguments;
}

}  // namespace plait::convert
