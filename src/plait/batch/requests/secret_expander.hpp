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

/// Returns the value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// The environment of this process.
std::optional<std::string> process_environment(std::string_view name);

/// The largest file for a secret, in bytes.
constexpr std::size_t largest_secret_file = 64 * 1024;

/// Returns the value of a secret: `env.NAME` is an environment variable, `file.PATH` the content of a file without its
/// last line break. Throws `Error(bad_input)`, which names what is missing or too large, and never has a value in it.
std::string secret_value(std::string_view name, const Environment& environment = process_environment);

/// Returns `text` with the value of each secret that it names, such as `{{env.NAME}}`. For text from the command line,
/// which may name any secret. Any other `{{` stays as it is. Each value is added to `secrets`, which may be null.
/// Throws as `secret_value` does, and when a name is not closed by `}}`.
std::string with_secrets(std::string_view text, Secrets* secrets, const Environment& environment = process_environment);

/// The secrets that request lines may name, such as `env.API_KEY`, and their values.
using PermittedSecrets = std::map<std::string, std::string, std::less<>>;

/// Replaces the names of permitted secrets in request lines with their values.
///
/// Lines often quote data of strangers, who could name any secret. So a name that is not permitted is left alone, like
/// any other `{{`, whether or not there is such a secret.
class SecretExpander {
  public:
    enum class Put {
        values,
        names  ///< names are only looked for
    };

    explicit SecretExpander(PermittedSecrets permitted, Put put = Put::values)
        : permitted_(std::move(permitted)), put_(put) {}

    /// Whether `text` may name a secret: a quick check, which nearly every text fails.
    static bool may_expand(std::string_view text) noexcept { return text.find("{{") != std::string_view::npos; }

    std::string expand(std::string_view text);
    /// The same in the strings of a JSON text, with values escaped. Throws `Error(bad_input)` for a value that is not
    /// UTF-8.
    std::string expand_json(std::string_view json);

    /// The names that were not permitted since `forget_left_names`, each once.
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
