#pragma once

#include "plait/mock/internal/request_reader.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace plait::mock::internal {

/// The target's part before the query.
std::string_view path_of(std::string_view target);

/// The value of the first parameter of this name in the target's query, as it is written there; empty when there is
/// none.
std::string_view query_value(std::string_view target, std::string_view name);

/// What the server knows a request by: the query's `id`, else the header `X-Request-Id`, else `Idempotency-Key`, else
/// the last segment of the path. The first of these that is not empty; as it is written, nothing is decoded.
std::string_view id_of(const ReceivedRequest& request);

/// Whose limit a request counts for: the first segment of its path for `path`, else the value of this header.
std::string_view limit_key_of(const ReceivedRequest& request, std::string_view allowed_per);

/// What follows `prefix` in `path`; nothing when it does not begin with it.
std::optional<std::string_view> after(std::string_view prefix, std::string_view path);

/// Takes off what `text` has before its first slash, and the slash.
std::string_view take_segment(std::string_view& text);

/// A whole number in these bounds, and nothing else.
std::optional<std::size_t> parse_number(std::string_view text, std::size_t least, std::size_t most);

}  // namespace plait::mock::internal
