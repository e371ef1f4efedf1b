#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::convert {

/// A secret of a file, and the variable that stands for it. It never holds the value.
struct NamedSecret {
    std::string variable;  ///< such as `API_EXAMPLE_TOKEN`
    std::string where;     ///< such as `the header Authorization of entry 1`
    std::string form{};    ///< how to make the value from what people know; empty: it is the value
    bool is_used = false;  ///< in a line
};

/// Names the secrets of foreign files, so that request lines need not hold them. The same value of one server has one
/// name.
class SecretNames {
  public:
    /// Returns `{{env.NAME}}` for the value. `host` and `role`, such as `token`, make the name; `where` and `form` are
    /// for people.
    std::string reference(std::string_view host, std::string_view role, std::string_view value, std::string where,
                          std::string form = {});

    /// Notes a name that the user chose for a secret.
    void add_given(const std::string& name);

    /// Notes that a line names this secret.
    void mark_used(std::string_view variable);

    /// Returns the variables of secrets whose values stand in `text`, such as in the text of a message.
    std::vector<std::string> left_in(std::string_view text) const;

    const std::vector<NamedSecret>& all() const noexcept { return secrets_; }

  private:
    std::vector<NamedSecret> secrets_;
    std::map<std::pair<std::string, std::string>, std::string> variables_;  ///< by stem and value
    std::map<std::string, std::size_t, std::less<>> taken_;                 ///< where each stands in `secrets_`
};

/// Calls `take(name)` for each `{{env.NAME}}` and `{{file.PATH}}` in `text`, without the braces.
template <class Take>
void for_each_reference(std::string_view text, Take take) {
    for (auto begin = text.find("{{"); begin != std::string_view::npos; begin = text.find("{{", begin + 2)) {
        const auto end = text.find("}}", begin);
        if (end == std::string_view::npos) return;
        const std::string_view name = text.substr(begin + 2, end - begin - 2);
        if (name.starts_with("env.") || name.starts_with("file.")) take(name);
    }
}

}  // namespace plait::convert
