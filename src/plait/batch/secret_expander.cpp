#include "plait/batch/secret_expander.hpp"

#include "plait/base/error.hpp"
#include "plait/base/json_string.hpp"
#include "plait/batch/internal/json_text.hpp"
#include "plait/batch/internal/json_value.hpp"
#include "plait/batch/internal/read_file.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstdlib>
#include <utility>

namespace plait::batch {

namespace {

constexpr std::string_view opening = "{{", closing = "}}";
constexpr std::string_view environment_kind = "env.", file_kind = "file.";

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_input, reason); }

std::string without_line_end(std::string text) {
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

/// What stands between the quotes of a JSON string.
std::string unescaped(std::string_view text) {
    internal::PaddedText padded;
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document = parser.iterate(padded.assign({"\"", text, "\""}));
    return std::string(std::string_view(document.get_string()));
}

void append_escaped(std::string& out, std::string_view text) {
    std::string quoted;
    append_json_string(quoted, text);
    out.append(quoted, 1, quoted.size() - 2);
}

}  // namespace

std::optional<std::string> process_environment(std::string_view name) {
    const char* value = std::getenv(std::string(name).c_str());
    if (!value) return std::nullopt;
    return value;
}

SecretExpander::SecretExpander(Environment environment, Secrets* secrets, Put put)
    : environment_(std::move(environment)), secrets_(secrets), put_(put) {}

std::string SecretExpander::expand(std::string_view text) { return expand(text, Where::text); }

std::string SecretExpander::expand_json(std::string_view json) { return expand(json, Where::json); }

std::string SecretExpander::expand(std::string_view text, Where where) {
    std::string expanded;
    std::size_t done = 0;
    for (std::size_t at = 0; (at = text.find(opening, at)) != std::string_view::npos;) {
        const std::string_view behind = text.substr(at + opening.size());
        const std::string_view kind = behind.starts_with(environment_kind) ? environment_kind
                                      : behind.starts_with(file_kind)      ? file_kind
                                                                           : std::string_view();
        if (kind.empty()) {
            ++at;
            continue;
        }
        const std::string_view written = behind.substr(kind.size(), behind.find(closing) - kind.size());
        const bool is_closed = kind.size() + written.size() < behind.size();
        const bool leaves_string = where == Where::json && written.find('"') != std::string_view::npos;
        if (!is_closed || leaves_string) refuse(fmt::format("{{{{{} has no }}}} behind it", kind));

        const std::string name = where == Where::json ? unescaped(written) : std::string(written);
        const std::string value = value_of(kind, name);
        const std::size_t end = at + opening.size() + kind.size() + written.size() + closing.size();
        if (put_ == Put::names) {
            at = end;
            continue;
        }
        if (secrets_) secrets_->add(fmt::format("{}{}", kind, name), value);
        expanded += text.substr(done, at - done);
        if (where == Where::text) {
            expanded += value;
        } else if (internal::is_utf8(value)) {
            append_escaped(expanded, value);
        } else {
            refuse(fmt::format("{{{{{}{}}}}} is not UTF-8, so it can't stand in JSON", kind, name));
        }
        at = done = end;
    }
    expanded += text.substr(done);
    return expanded;
}

std::string SecretExpander::value_of(std::string_view kind, const std::string& name) {
    if (kind == file_kind) return content_of(name);
    std::optional<std::string> value = environment_(name);
    if (!value) refuse(fmt::format("the environment variable {} is not set", name));
    return std::move(*value);
}

const std::string& SecretExpander::content_of(const std::string& path) {
    const auto known = files_.find(path);
    if (known != files_.end()) return known->second;
    return files_.emplace(path, without_line_end(internal::read_file(path, largest_file))).first->second;
}

}  // namespace plait::batch
