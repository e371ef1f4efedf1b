#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plait::batch::internal {

/// By what an input is compressed.
enum class Packing { none, gzip, zstd };

/// So many first bytes of an input tell its form.
constexpr std::size_t telling_bytes = 6;

/// By what the input that begins so is compressed. `begin` is all of it or `telling_bytes`; `name` stands in errors.
/// Throws `Error(bad_input)`, one sentence for the whole file, when its lines can be no requests: text that is not
/// UTF-8, or another compression.
Packing packing_of(std::string_view begin, const std::string& name);

}  // namespace plait::batch::internal
