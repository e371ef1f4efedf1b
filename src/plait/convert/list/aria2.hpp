#pragma once

#include "plait/convert/request/conversion.hpp"
#include "plait/convert/request/input.hpp"

namespace plait::convert {

/// Whether the file is a list for `aria2c -i`: URLs with mirrors, or with options below them.
bool is_aria2(const Input& input);

/// Adds the requests of the file. Of several URLs in a line, which are mirrors of one file, the first is taken.
void read_aria2(const Input& input, Conversion& conversion);

}  // namespace plait::convert
