#pragma once

#include <string>
#include <string_view>

namespace plait {

/// Appends `name=value` to a text of the type application/x-www-form-urlencoded (WHATWG URL, section 5.2).
void append_form_pair(std::string& out, std::string_view name, std::string_view value);

}  // namespace plait
