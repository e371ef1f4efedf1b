#include "plait/batch/requests/secret_expander.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/base/text/json_string.hpp"
#include "plait/base/text/words.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace plait::batch {

namespace {

constexpr std::string_view opening = "{{", closing = "}}";
constexpr std::string_view environment_kind = "env.", file_kind = "file.";

/// Longer text between braces is not a name. So the search for closing braces is cheap, whatever a line quotes.
constexpr std::size_t longest_name = 1024;

std::string without_line_end(std::string text) {
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

bool is_kind(std::string_view text) { return text.starts_with(environment_kind) || text.starts_with(file_kind); }

/// A name in braces, and its position.
struct Mention {
    std::size_t start;
    std::size_t end;  ///< after the closing braces, or after the opening ones when there are none
    std::string_view name;
    bool is_closed;
};

/// Returns the first mention of a secret at or after `from`.
std::optional<Mention> find_mention(std::string_view text, std::size_t from) {
    for (std::size_t at = from; (at = text.find(opening, at)) != std::string_view::npos; ++at) {
        const std::size_t start = at + opening.size();
        if (!is_kind(text.substr(start))) continue;
        const std::string_view behind = text.substr(start, longest_name + closing.size());
        const std::size_t close = behind.find(closing);
        if (close == std::string_view::npos) return Mention{at, start, behind, false};
        return Mention{at, start + close + closing.size(), behind.substr(0, close), true};
    }
    return std::nullopt;
}

/// Decodes the inside of a JSON string; nothing for half of a UTF-16 pair, which JSON permits.
std::optional<std::string> unescaped(std::string_view text) {
    json::PaddedText padded;
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document;
    std::string_view string;
    if (parser.iterate(padded.assign({"\"", text, "\""})).get(document) || document.get_string().get(string))
        return std::nullopt;
    return std::string(string);
}

void append_escaped(std::string& out, std::string_view text) {
    std::string quoted;
    json::append_string(quoted, text);
    out.append(quoted, 1, quoted.size() - 2);
}

}  // namespace

std::optional<std::string> process_environment(std::string_view name) {
    const char* value = std::getenv(std::string(name).c_str());
    if (!value) return std::nullopt;
    return value;
}

std::string secret_value(std::string_view name, const Environment& environment) {
    if (!is_kind(name))
        throw_bad_input(fmt::format("'{}' is not a secret: write env.NAME or file.PATH", printable(name)));
    if (name.starts_with(file_kind)) {
        const std::string path(name.substr(file_kind.size()));
        return without_line_end(read_file(path, largest_secret_file));
    }
    const std::string_view variable = name.substr(environment_kind.size());
    std::optional<std::string> value = environment(variable);
    if (!value) throw_bad_input(fmt::format("the environment variable {} is not set", printable(variable)));
    return std::move(*value);
}

std::string with_secrets(std::string_view text, Secrets* secrets, const Environment& environment) {
    std::string expanded;
    std::size_t done = 0;
    while (const auto mention = find_mention(text, done)) {
        if (!mention->is_closed) throw_bad_input(fmt::format("{{{{{} has no }}}} behind it", printable(mention->name)));
        const std::string value = secret_value(mention->name, environment);
        if (secrets) secrets->add(mention->name, value);
        expanded.append(text.substr(done, mention->start - done)).append(value);
        done = mention->end;
    }
    return expanded.append(text.substr(done));
}

std::string SecretExpander::expand(std::string_view text) { return expand(text, Where::text); }

std::string SecretExpander::expand_json(std::string_view json) { return expand(json, Where::json); }

std::string SecretExpander::expand(std::string_view text, Where where) {
    std::string expanded;
    std::size_t done = 0;
    std::size_t from = 0;
    while (const auto mention = find_mention(text, from)) {
        // If this is not a mention, one may follow the opening braces.
        from = mention->start + opening.size();
        const bool leaves_string = where == Where::json && mention->name.find('"') != std::string_view::npos;
        if (!mention->is_closed || leaves_string) continue;
        const auto name = where == Where::json ? unescaped(mention->name) : std::string(mention->name);
        if (!name) continue;
        const auto secret = permitted_.find(*name);
        if (secret == permitted_.end()) {
            leave(*name);
            continue;
        }
        from = mention->end;
        if (put_ == Put::names) continue;
        expanded += text.substr(done, mention->start - done);
        done = mention->end;
        if (where == Where::text) {
            expanded += secret->second;
        } else if (json::is_utf8(secret->second)) {
            append_escaped(expanded, secret->second);
        } else {
            throw_bad_input(fmt::format("{{{{{}}}}} is not UTF-8, so it can't stand in JSON", *name));
        }
    }
    return expanded.append(text.substr(done));
}

void SecretExpander::leave(const std::string& name) {
    constexpr std::size_t most_names = 100;
    if (left_names_.size() == most_names) return;
    if (std::find(left_names_.begin(), left_names_.end(), name) == left_names_.end()) left_names_.push_back(name);
}

}  // namespace plait::batch
