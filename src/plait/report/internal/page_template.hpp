#pragma once

#include <map>
#include <string>
#include <string_view>

namespace plait::report::internal {

/// What stands in a page for placeholders such as `{{style}}`, by their names.
using TemplateParts = std::map<std::string_view, std::string>;

/// Returns the template with its placeholders replaced. Each of them must be in `parts`; inserted text is not searched
/// for placeholders.
std::string filled(std::string_view page, const TemplateParts& parts);

}  // namespace plait::report::internal
