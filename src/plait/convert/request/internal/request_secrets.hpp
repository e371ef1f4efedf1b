#pragma once

#include "plait/convert/request/request.hpp"
#include "plait/convert/request/secret_names.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::convert::internal {

/// What is secret in the texts of one request, and the references that its line has in place of it.
///
/// Secret are the values that the request lists as such, wherever they stand; the values of parameters, fields and
/// headers whose name says so; and texts of a well-known shape. The references that were given, such as
/// `{{env.NAME}}`, stay as they are. All other texts of their form are foreign: `plait run` would take them for names.
class RequestSecrets {
  public:
    /// All but the strings must outlive this. `host` is that of the request, and `where` names it for people.
    RequestSecrets(const Request& request, const std::vector<std::string>& given, SecretNames& names, std::string host,
                   std::string where);

    /// Returns the reference that stands for the secret `value`. Its name is made of the host and `role`; `what` tells
    /// people which text it is, and `form` how its value is made.
    std::string reference(std::string_view role, std::string_view value, const std::string& what,
                          std::string_view form = {});

    bool has_given_reference(std::string_view text) const;

    /// Returns the first foreign reference in `text`, without its braces; empty: there is none.
    std::string foreign_reference(std::string_view text) const;

    /// Throws `Error(bad_input)` if there is one.
    void refuse_foreign_reference(std::string_view text, std::string_view what) const;

    /// Whether the value of a parameter or field is secret as a whole, by its name.
    bool is_secret_field(std::string_view name, std::string_view value) const;

    /// Whether a parameter or field is secret, or has a secret within its value.
    bool has_secret(std::string_view name, std::string_view value) const;

    /// Returns the value of a parameter or field with references in place of secrets.
    std::string safe_field(std::string_view name, std::string_view value, const std::string& what);

    /// Whether `text` has secrets, or values that another request has named.
    bool are_in(std::string_view text) const;

    /// Returns `text` with references in place of its secrets.
    std::string without_secrets(std::string_view text, std::string_view role, const std::string& what);

    /// Throws `Error(bad_input)` if a line still has a value that the request lists: one may stand where no reference
    /// can, such as in the path.
    void refuse_remaining(std::string_view line) const;

  private:
    std::vector<std::string_view> spans_of_secrets(std::string_view text) const;

    const std::vector<std::string>& given_;
    SecretNames& names_;
    const std::string host_;
    const std::string where_;
    std::vector<std::string> listed_;  ///< by the request, but for references that were given
};

}  // namespace plait::convert::internal
