#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch::internal {

/// A result line of Gemini's has no room for what plait says of a call but texts in its `metadata`, where Google's
/// classes take any. One of them, `plait`, is the result line of plait without the answer's body if that is in
/// `response`:
///
///     {"key":"a","response":{...},"metadata":{"plait":"{\"custom_id\":\"a\",\"line\":1,...,\"response\":{...}}"}}
///
/// Its last field is `response`, so that the body can be put back.
class GeminiLineReader {
  public:
    GeminiLineReader();
    ~GeminiLineReader();

    /// Whether this may be a line of Gemini's.
    static bool is_candidate(std::string_view text) noexcept { return text.starts_with("{\"key\":"); }

    /// Returns the result line of plait, valid until the next call; nothing if it is not such a line.
    std::optional<std::string_view> read(std::string_view text);

  private:
    struct Buffers;
    std::unique_ptr<Buffers> buffers_;
};

/// Appends the line. `result` is what `append_gemini_result` appends; `own` the result line of plait, without a line
/// break; `metadata` the JSON object of the request's metadata, or empty.
void append_gemini_line(std::string& out, std::string_view key, std::string_view result, std::string_view own,
                        std::string_view metadata);

}  // namespace plait::batch::internal
