#include "plait/convert/collection/environment.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/convert/request/internal/text_bits.hpp"
#include "plait/convert/request/tree.hpp"

#include <fmt/format.h>

namespace plait::convert {

namespace {

constexpr std::size_t largest_environment = std::size_t{16} << 20;

std::size_t add_json(Variables& variables, const Tree& tree) {
    std::size_t count = 0;
    const Tree& values = tree["values"];
    if (values.is(Tree::Kind::list)) {  // Postman's
        for (const Tree& value : values.items()) {
            if (value["enabled"].has_value() && !value["enabled"].is_true()) continue;
            variables.set_environment(value["key"].text(), value["value"].text());
            if (value["type"].text() == "secret") variables.mark_secret(value["key"].text());
            ++count;
        }
        return count;
    }
    for (std::size_t n = 0; n < tree.names().size(); ++n) {
        const Tree& value = tree.items()[n];
        if (value.is(Tree::Kind::object) || value.is(Tree::Kind::list)) continue;
        variables.set_environment(tree.names()[n], value.text());
        ++count;
    }
    return count;
}

/// `NAME=value`, as in `.env`; or `name: value` in a block `vars { ... }` of Bruno.
std::size_t add_lines(Variables& variables, std::string_view text) {
    const bool is_bruno = trimmed(text, " \t\r\n").starts_with("vars");
    std::size_t count = 0;
    for (std::string_view line : internal::lines_of(text)) {
        line = trimmed(line);
        const auto mark = line.find(is_bruno ? ':' : '=');
        if (mark == std::string_view::npos || line.starts_with('#') || line.starts_with('~') || line.ends_with('{'))
            continue;
        std::string_view name = trimmed(line.substr(0, mark)), value = trimmed(line.substr(mark + 1));
        if (name.starts_with("export ")) name.remove_prefix(7);
        const bool is_quoted = value.size() > 1 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0];
        if (is_quoted && !is_bruno) value = value.substr(1, value.size() - 2);
        variables.set_environment(name, value);
        ++count;
    }
    return count;
}

}  // namespace

void add_environment_text(Variables& variables, std::string_view text) {
    const bool is_json = trimmed(text, " \t\r\n").starts_with('{');
    if ((is_json ? add_json(variables, read_json(text)) : add_lines(variables, text)) == 0)
        throw_bad_input("it has no variables: write NAME=value, one in a line");
}

void add_environment(Variables& variables, const std::string& path) {
    const std::string text = read_file(path, largest_environment);
    try {
        add_environment_text(variables, text);
    } catch (const Error& error) {
        throw_bad_input(fmt::format("{}: {}", path, error.what()));
    }
}

}  // namespace plait::convert
