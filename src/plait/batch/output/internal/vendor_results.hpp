#pragma once

#include "plait/batch/call/call_end.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace plait::batch::internal {

/// Appends the `result` of a line of Anthropic's: `{"type":"succeeded","message":{...}}`, `errored`, `canceled` or
/// `expired`. `json` is the body of the answer, if it is JSON that strict readers take. Returns whether the body is in
/// it as it came; else it must be kept elsewhere.
bool append_anthropic_result(std::string& out, const CallEnd& end, std::optional<std::string_view> json);

/// Appends what a line of Gemini's says of a call: `"response":{...}` or `"error":{...}`. Returns the same.
bool append_gemini_result(std::string& out, const CallEnd& end, std::optional<std::string_view> json);

}  // namespace plait::batch::internal
