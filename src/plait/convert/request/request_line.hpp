#pragma once

#include "plait/convert/request/request.hpp"
#include "plait/convert/request/secret_names.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::convert {

/// Returns the request line (docs/formats.md) that makes `plait run` send this request, on one line, with references in
/// place of its secrets. `where` names the request for people.
///
/// Headers that belong to a connection or follow from the body are dropped. A secret in the query moves to `params`,
/// and thereby to the end of the query. Texts such as `{{env.NAME}}` stay if they are among `given_references`; others
/// are data: in a body they are kept from being replaced, elsewhere they throw `Error(bad_input)`.
std::string request_line(const Request& request, const std::vector<std::string>& given_references, SecretNames& secrets,
                         std::string_view where);

}  // namespace plait::convert
