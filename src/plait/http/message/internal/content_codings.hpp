#pragma once

#include "plait/coding/decoder.hpp"
#include "plait/http/message/headers.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plait::http::internal {

/// Whether content codings are asked for, and undone.
enum class Decoding { off, on };

/// The codings that are asked for, as the value of `Accept-Encoding`.
inline constexpr std::string_view accepted_codings = "gzip, deflate, br, zstd";

/// More codings than this are not undone.
inline constexpr std::size_t most_content_codings = 5;

/// The codings of a body (RFC 9110, section 8.4).
class ContentCodings {
  public:
    ContentCodings() {}

    /// All names in lower case, in the order in which they were applied, but for `identity`: `gzip, br`. Empty: none.
    std::string names;
    /// The codings, in the same order. Empty if one of them is unknown, or if there are too many: undoing only some of
    /// them would leave something that no name describes.
    std::vector<coding::Coding> known;
};

/// Reads `Content-Encoding`, whose lines are one list.
ContentCodings read_content_codings(const Headers& headers);

}  // namespace plait::http::internal
