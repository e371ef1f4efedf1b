#pragma once

#include <string_view>
#include <vector>

namespace plait::convert {

/// Whether members of JSON, tags, variables and fields of this name hold secrets, such as `user[password]` or
/// `GITHUB_TOKEN`. More names count as secret than for `batch::is_secret_name`: here, an error costs one variable,
/// there, a warning for each line.
bool names_secret(std::string_view name);

/// The same for parameters in a query or a form, where `key`, `code`, `auth` and `session` are secret, too.
bool names_secret_parameter(std::string_view name);

/// The same for headers, such as `X-Gitlab-Token`.
bool names_secret_header(std::string_view name);

/// Returns the secrets in a body in their order, as parts of it: the values of names for secrets in JSON, XML,
/// `name=value`, `name: value` and parts of forms, and tokens of a well-known shape. Values of less than 4 characters
/// are none.
std::vector<std::string_view> find_secrets(std::string_view body);

}  // namespace plait::convert
