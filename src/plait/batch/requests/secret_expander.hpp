#pragma once

#include "plait/batch/call/secrets.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// Answers the value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// The environment of this process.
std::optional<std::string> process_environment(std::string_view name);

/// The largest file that a secret may stand in.
constexpr std::size_t largest_secret_file = 64 * 1024;

/// What stands behind the name of a secret: `env.NAME` is an environment variable, `file.PATH` the content of a file
/// without the line end behind it. Throws `Error(bad_input)` that names what is missing or too large; no value is ever
/// in the message.
std::string secret_value(std::string_view name, const Environment& environment = process_environment);

/// `text` with the value of each secret that it names, such as `{{env.NAME}}`. For what the user wrote on the command
/// line, which may name any secret. Any other `{{` stays as it is. Each value is added to `secrets`, which may be null.
/// Throws as `secret_value`, and when a name has no `}}` behind it.
std::string with_secrets(std::string_view text, Secrets* secrets, const Environment& environment = process_environment);

/// The secrets that request lines may name, such as `env.API_KEY`, and their values.
using PermittedSecrets = std::map<std::string, std::string, std::less<>>;

/// Puts permitted secrets where request lines name them.
///
/// Lines often quote data of unmatched, who could name any secret: so a name that is not permitted stays as it stands,
/// as every other `{{` does, whether there is such a secret or not.
class SecretExpander {
  public:
    enum class Put {
        values,
        names  ///< nothing is put in: names are only looked for
    };

    explicit SecretExpander(PermittedSecrets permitted, Put put = Put::values)
        : permitted_(std::move(permitted)), put_(put) {}

    /// Whether there can be anything to expand in `text`: the look that nearly every text ends with.
    static bool may_expand(std::string_view text) noexcept { return text.find("{{") != std::string_view::npos; }

    std::string expand(std::string_view text);
    /// The same in the strings of a JSON text, which stays one: values are escaped as they need it. Throws
    /// `Error(bad_input)` for a value that is not UTF-8.
    std::string expand_json(std::string_view json);

    /// The names that were found and not permitted, each once, since `forget_left_names`.
    const std::vector<std::string>& left_names() const noexcept { return left_names_; }
    void forget_left_names() noexcept { left_names_.clear(); }

  private:
    enum class Where { text, json };

    std::string expand(std::string_view text, Where where);
    void leave(const std::string& name);

    PermittedSecrets permitted_;
    Put put_;
    std::vector<std::string> left_names_;
};

}  // namespace plait::batch
