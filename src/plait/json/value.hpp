#pragma once

#include <simdjson.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace plait::json {

/// Returns the text of `value` in `document`, after checking that all of it is JSON: simdjson checks only what is read.
/// Numbers may be of any size. Reads the value to its end.
simdjson::simdjson_result<std::string_view> checked_text(simdjson::ondemand::document& document,
                                                         simdjson::ondemand::value value);

/// Text followed by the padding that simdjson needs.
class PaddedText {
  public:
    /// Copies the parts into one text, which is valid until the next call.
    simdjson::padded_string_view assign(std::initializer_list<std::string_view> parts);

  private:
    std::string buffer_;
};

/// A document that is any JSON value, even a lone number or string.
class LoneValue {
  public:
    /// Copies `text`, and returns whether all of it is one JSON value, with or without a byte order mark.
    bool assign(std::string_view text);

    /// Returns the value that was assigned last, which must have been JSON. Each call starts at its beginning.
    simdjson::ondemand::value read();

  private:
    simdjson::ondemand::parser parser_;
    PaddedText padded_;
    simdjson::ondemand::document document_;
};

/// Checks JSON and puts it on one line.
class CompactValue {
  public:
    /// Returns `text` without a byte order mark and, if it has line breaks, without white space between its tokens;
    /// nothing if it is not JSON. Valid until the next call, and as long as `text`.
    std::optional<std::string_view> make(std::string_view text);

  private:
    LoneValue value_;
    std::string compact_;
};

}  // namespace plait::json
