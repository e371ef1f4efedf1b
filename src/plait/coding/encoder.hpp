#pragma once

#include "plait/coding/decoder.hpp"

#include <string>
#include <string_view>

namespace plait::coding {

/// Returns `data` in this coding: one gzip member, one zlib stream, one brotli stream, or one zstd frame with its check
/// sum.
std::string encode(Coding coding, std::string_view data);

}  // namespace plait::coding
