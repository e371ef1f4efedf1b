#pragma once

#include <string>
#include <string_view>

namespace plait::batch::internal {

/// For tests: `text` as one gzip member.
std::string gzip_of(std::string_view text);

/// For tests: `text` as one zstd frame.
std::string zstd_of(std::string_view text);

}  // namespace plait::batch::internal
