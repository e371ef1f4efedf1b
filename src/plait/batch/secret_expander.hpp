#pragma once

#include "plait/batch/secrets.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// Answers the value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// The environment of this process.
std::optional<std::string> process_environment(std::string_view name);

/// Puts secrets where a text names them.
///
/// `{{env.NAME}}` is an environment variable, `{{file.PATH}}` what stands in a file, without the line end behind it. A
/// file is read once. Any other `{{` stays as it is. What is missing, or too large, throws `Error(bad_input)` that
/// names it; no value is ever in the message.
class SecretExpander {
  public:
    static constexpr std::size_t largest_file = 64 * 1024;

    enum class Put {
        values,
        names  ///< nothing is put in: what names a secret is only looked at, whether there is one
    };

    /// Each value that is put in is added to `secrets`, which may be null, and outlives the expander.
    SecretExpander(Environment environment, Secrets* secrets, Put put = Put::values);

    /// Whether there can be anything to expand in `text`: the look that nearly every text ends with.
    static bool may_expand(std::string_view text) noexcept { return text.find("{{") != std::string_view::npos; }

    std::string expand(std::string_view text);
    /// The same in the strings of a JSON text, which stays one: values are escaped as they need it, and are UTF-8.
    std::string expand_json(std::string_view json);

  private:
    enum class Where { text, json };

    std::string expand(std::string_view text, Where where);
    std::string value_of(std::string_view kind, const std::string& name);
    const std::string& content_of(const std::string& path);

    Environment environment_;
    Secrets* secrets_;
    Put put_;
    std::map<std::string, std::string> files_;
};

}  // namespace plait::batch
