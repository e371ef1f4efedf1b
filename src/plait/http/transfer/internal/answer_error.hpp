#pragma once

#include <cstddef>
#include <string_view>

namespace plait::http::internal {

/// Throws `Error(protocol)`: the answer breaks a rule of HTTP/1.1.
[[noreturn]] void fail_protocol(std::string_view what);

/// Throws `Error(too_large)`: the answer has more than `limit` bytes of `what`. `flag` is the command's flag for this
/// limit, empty when there is none.
[[noreturn]] void fail_too_large(std::string_view what, std::size_t limit, std::string_view flag = {});

}  // namespace plait::http::internal
