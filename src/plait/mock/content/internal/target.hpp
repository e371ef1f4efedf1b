#pragma once

#include "plait/http/incoming/request_reader.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace plait::mock::internal {

/// Returns the part of the target before its query.
std::string_view path_of(std::string_view target);

/// Returns the value of the first query parameter with this name, not decoded; empty when there is none.
std::string_view query_value(std::string_view target, std::string_view name);

/// Returns the id of a request, not decoded: the first that is not empty of `id` in the query, the headers
/// `X-Request-Id` and `Idempotency-Key`, and the last segment of the path.
std::string_view id_of(const http::ReceivedRequest& request);

/// Returns the key by which a request is counted: the first segment of its path for `path`, or the value of this
/// header.
std::string_view limit_key_of(const http::ReceivedRequest& request, std::string_view allowed_per);

/// Returns the part of `path` after `prefix`; nothing when it does not start with it.
std::optional<std::string_view> after(std::string_view prefix, std::string_view path);

/// Takes the part of `text` before its first slash, and the slash, off its front.
std::string_view take_segment(std::string_view& text);

/// Parses a whole number within these bounds.
std::optional<std::size_t> parse_number(std::string_view text, std::size_t least, std::size_t most);

}  // namespace plait::mock::internal
