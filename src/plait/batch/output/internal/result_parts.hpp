#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/json/text_writer.hpp"

#include <span>
#include <string_view>

namespace plait::batch::internal {

// Parts of a result line, as docs/formats.md describes them.

inline std::string_view json_bool(bool value) { return value ? "true" : "false"; }

/// Appends an object: names in lower case, each once, with its value, or the list of its values.
void append_headers(json::TextWriter& out, const http::Headers& headers);

/// Appends `,"attempts":[...]`. Times in it count from `begin`.
void append_attempts(json::TextWriter& out, std::span<const AttemptNote> attempts, TimePoint begin);

/// Appends `,"error":{...}`.
void append_error(json::TextWriter& out, const CallError& error);

}  // namespace plait::batch::internal
