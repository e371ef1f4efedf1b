#include "plait/convert/request/variables.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/request_line.hpp"
#include "plait/convert/request/secret_text.hpp"

#include <fmt/format.h>

namespace plait::convert {

namespace {

/// Values nested more deeply than this contain themselves.
constexpr int deepest = 16;

constexpr std::size_t longest_text = std::size_t{64} << 20;

}  // namespace

void Variables::set(std::string_view name, std::string_view value) { set(name, value, Level::file); }

void Variables::set_environment(std::string_view name, std::string_view value) { set(name, value, Level::environment); }

void Variables::set_given(std::string_view name, std::string_view value) { set(name, value, Level::given); }

void Variables::set(std::string_view name, std::string_view value, Level level) {
    Value& known = values_[std::string(name)];
    if (level >= known.level) known = {std::string(value), level};
}

const std::string* Variables::find(std::string_view name) const {
    const auto known = values_.find(name);
    return known == values_.end() ? nullptr : &known->second.text;
}

std::vector<std::string> Variables::secret_values() const {
    std::vector<std::string> secrets;
    for (const auto& [name, value] : values_) {
        if (!secret_names_.contains(name) && !names_secret(name)) continue;
        try {
            secrets.push_back(value.level == Level::given ? value.text : expand(value.text));
        } catch (const Error&) {
            secrets.push_back(value.text);  // a request that uses it is refused
        }
    }
    return secrets;
}

std::string Variables::expand(std::string_view text) const { return expand(text, 0); }

std::string Variables::expand(std::string_view text, int depth) const {
    std::string expanded;
    for (;;) {
        const auto begin = text.find("{{");
        const auto end = begin == std::string_view::npos ? begin : text.find("}}", begin);
        if (end == std::string_view::npos) return expanded.append(text);
        expanded.append(text.substr(0, begin)).append(value_of(text.substr(begin + 2, end - begin - 2), depth));
        if (expanded.size() > longest_text) throw_bad_input("its variables make a text of more than 64 MiB");
        text.remove_prefix(end + 2);
    }
}

std::string Variables::value_of(std::string_view name, int depth) const {
    name = trimmed(name);
    if (name.starts_with("_.")) name.remove_prefix(2);  // Insomnia's
    const auto known = values_.find(name);
    if (known == values_.end()) {
        const bool is_made = name.starts_with('$');
        const std::string reason = is_made ? " is made anew for each request; for one value" : " has no value";
        throw_bad_input(fmt::format("{{{{{0}}}}}{1}: --var '{0}=...'", printable(name), reason));
    }
    if (known->second.level == Level::given) return known->second.text;
    if (depth == deepest) throw_bad_input(fmt::format("{{{{{}}}}} refers to itself", printable(name)));
    return expand(known->second.text, depth + 1);
}

std::vector<std::string> Variables::given_references() const {
    std::vector<std::string> references;
    for (const auto& [name, value] : values_) {
        if (value.level != Level::given) continue;
        for_each_reference(value.text, [&references](std::string_view each) { references.emplace_back(each); });
    }
    return references;
}

void add_variable(Variables& variables, std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        throw_bad_input(fmt::format("'{}' is not NAME=VALUE", printable(text)));
    }
    variables.set_given(text.substr(0, equals), text.substr(equals + 1));
}

}  // namespace plait::convert
