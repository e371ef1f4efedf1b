#pragma once

#include "plait/batch/rows/row_options.hpp"
#include "plait/cli/flags/flag.hpp"

#include <functional>
#include <string>
#include <vector>

namespace plait::cli {

/// Takes a value of `--body` that is no template; returns whether it was one.
using OtherBody = std::function<bool(const std::string& value)>;

/// The flags that make requests of rows. `rows` outlives them. `other_body` may be empty.
std::vector<Flag> row_flags(batch::RowOptions& rows, const OtherBody& other_body = {});

/// Throws `Error(bad_input)` for flags about rows without `--url`.
void check_row_flags(const batch::RowOptions& rows);

}  // namespace plait::cli
