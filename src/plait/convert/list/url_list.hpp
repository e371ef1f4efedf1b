#pragma once

#include "plait/convert/request/conversion.hpp"
#include "plait/convert/request/input.hpp"

namespace plait::convert {

/// Whether the file is a list of URLs.
bool is_url_list(const Input& input);

/// Adds the requests of the file. Lines that begin with # are left out: wget takes them for hosts.
void read_url_list(const Input& input, Conversion& conversion);

}  // namespace plait::convert
