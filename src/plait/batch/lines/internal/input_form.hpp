#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plait::batch::internal {

/// The compression of an input.
enum class Packing { none, gzip, zstd };

/// The number of first bytes that suffice to recognise the form of an input.
constexpr std::size_t telling_bytes = 6;

/// Returns the compression of an input that starts with `begin`, which has `telling_bytes` or is the whole input.
/// `name` is for errors. Throws `Error(bad_input)` when its lines can't be requests: text that is not UTF-8, or another
/// compression.
Packing packing_of(std::string_view begin, const std::string& name);

}  // namespace plait::batch::internal
