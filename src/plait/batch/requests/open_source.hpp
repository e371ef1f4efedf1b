#pragma once

#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/requests/resumable_source.hpp"

#include <memory>
#include <string>
#include <vector>

namespace plait::batch {

/// Opens the source that `inputs` name: URLs, or one file of requests, or `-` for standard input. Throws
/// `Error(bad_input)`, which says what to write instead.
std::unique_ptr<ResumableSource> open_source(std::vector<std::string> inputs, RequestDefaults defaults);

}  // namespace plait::batch
