#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace plait::convert {

/// Values for the names in `{{...}}` of foreign files.
///
///     Variables variables;
///     variables.set("base", "https://{{host}}");
///     variables.set("host", "api.example");
///     variables.expand("{{base}}/items");  // "https://api.example/items"
class Variables {
  public:
    /// Sets a variable of a converted file, unless it was set in one of the other ways.
    void set(std::string_view name, std::string_view value);

    /// Sets a variable of an environment, unless it was given.
    void set_environment(std::string_view name, std::string_view value);

    /// Sets a variable that no later `set` changes: those of the command line. Its value is not searched for variables,
    /// and may name secrets of plait, such as `{{env.TOKEN}}`.
    void set_given(std::string_view name, std::string_view value);

    /// Notes that the variable holds a secret, whatever its name is.
    void mark_secret(std::string_view name) { secret_names_.emplace(name); }

    /// The values of variables that were marked, or whose names are names for secrets, such as `API_TOKEN`.
    std::vector<std::string> secret_values() const;

    /// Returns the value, without the variables in it replaced.
    const std::string* find(std::string_view name) const;

    /// Returns `text` with the value in place of each `{{name}}`, also in values. Throws `Error(bad_input)`, which says
    /// how to give the variables that have none.
    std::string expand(std::string_view text) const;

    /// The secrets that given values name, such as `env.TOKEN`.
    std::vector<std::string> given_references() const;

  private:
    enum class Level { file, environment, given };
    struct Value {
        std::string text;
        Level level = Level::file;
    };

    void set(std::string_view name, std::string_view value, Level level);

    std::string expand(std::string_view text, int depth) const;
    std::string value_of(std::string_view name, int depth) const;

    std::map<std::string, Value, std::less<>> values_;
    std::set<std::string, std::less<>> secret_names_;
};

/// Reads `NAME=VALUE` of the command line. Throws `Error(bad_input)`.
void add_variable(Variables& variables, std::string_view text);

}  // namespace plait::convert
